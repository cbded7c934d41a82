// A script has no exports, so that the one file works without a bundler too.
import "./zendesk-auth.js";

export const { logIn, logOut } = globalThis.zendeskAuth;
