// index.d.ts says what the comments of zendesk-auth.js say: each type fits the other.
/** @type {typeof import("zendesk-jwt-web")} */
const declared = zendeskAuth;

/** @type {typeof zendeskAuth} */
const written = declared;

/** @type {(options: Required<Parameters<typeof written.logIn>[0]>) => Required<import("zendesk-jwt-web").Options>} */
const forth = (options) => options;

/** @type {(options: Required<import("zendesk-jwt-web").Options>) => Required<Parameters<typeof written.logIn>[0]>} */
const back = (options) => options;

/** @typedef {Parameters<NonNullable<Parameters<typeof written.logIn>[0]["onError"]>>[0]["detail"]} Detail */
/** @type {(detail: Required<Detail>) => Required<import("zendesk-jwt-web").Failure["detail"]>} */
const detail = (detail) => detail;
