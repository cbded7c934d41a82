import type { Options } from "./index.js";

/**
 * Logs the visitor in to Zendesk messaging while `user` names the signed-in user of your page, such as by an id, and logs
 * out when `user` becomes another one or null. A component that unmounts does not log out.
 */
export function useZendeskLogin(user: string | null | undefined, options: Options): void;
