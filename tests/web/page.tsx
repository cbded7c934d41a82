// A page with React, whose StrictMode runs each effect twice. Bundled for tests/service/browser/messaging.rs.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Failure } from "zendesk-jwt-web";
import { useZendeskLogin } from "zendesk-jwt-web/react";

declare global {
  var note: (failure: Failure) => void;
  var show: (userToken: string | null) => void;
}

const Page = ({ userToken }: { userToken: string | null }) => {
  const url = "https://auth.example.com/messaging/jwt";
  useZendeskLogin(userToken, { url, userToken: () => userToken ?? "", onError: note });
  return <p>{userToken}</p>;
};

const root = createRoot(document.body.appendChild(document.createElement("main")));
globalThis.show = (userToken) => root.render(<StrictMode><Page userToken={userToken} /></StrictMode>);
