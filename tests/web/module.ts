import { logIn, logOut, type Failure } from "zendesk-jwt-web";

const onError = ({ kind, detail }: Failure) => console.log(kind === "signed_out", detail.status);

document.querySelector("#in")?.addEventListener("click", () => {
  void logIn({ url: "https://auth.example.com/messaging/jwt", userToken: async () => "a token", onError });
});
document.querySelector("#out")?.addEventListener("click", () => logOut());
