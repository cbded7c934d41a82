"use client";

// A page of Next, which renders it on the server too.
import { useZendeskLogin } from "zendesk-jwt-web/react";

export default function Page() {
  useZendeskLogin("a user", { url: "https://auth.example.com/messaging/jwt" });
  return <p>A page</p>;
}
