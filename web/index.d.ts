/** How to get JWTs, and what to do without one. */
export interface Options {
  /** Where the service answers `POST /messaging/jwt`. */
  url: string;
  /** The user token, or a function that returns it, called before every request. Without it, the session cookie is sent. */
  userToken?: string | (() => string | Promise<string>);
  /** Gets the reason why the visitor is not logged in. By default the reason goes to the console. */
  onError?: (failure: Failure) => void;
  /** Milliseconds for one request (10000). */
  timeout?: number;
  /** Milliseconds of an outage after which the script stops trying (120000). */
  giveUpAfter?: number;
}

/** Why the visitor is not logged in. Never contains a token. */
export interface Failure {
  /**
   * `signed_out`: the service refused. The visitor is anonymous, and the script waits for the next `logIn`.
   * `unavailable`: there is no JWT now, and nobody knows whether the visitor is signed in. Try again later.
   * `refused_by_zendesk`: Zendesk refused the JWT. The visitor is anonymous.
   */
  kind: "signed_out" | "unavailable" | "refused_by_zendesk";
  /** The status of the last answer, 0 without an answer, or the members of Zendesk's `LoginFailedError`. */
  detail: { message: string; status?: number; type?: string; reason?: string };
}

/** Logs the visitor in, and answers Zendesk's requests for another JWT until `logOut` or the next `logIn`. */
export function logIn(options: Options): Promise<void>;

/** Logs the visitor out, and cancels requests. */
export function logOut(): void;
