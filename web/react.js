import { useEffect, useRef } from "react";
import { logIn, logOut } from "./index.js";

export const useZendeskLogin = (user, options) => {
  const latest = useRef(options);
  const last = useRef(user);
  useEffect(() => void (latest.current = options));
  useEffect(() => {
    // Later, so that the first of StrictMode's two effects is cancelled before it sends a request.
    const start = setTimeout(() => {
      if (last.current && last.current !== user) logOut();
      if (user) logIn(latest.current);
      last.current = user;
    });
    return () => clearTimeout(start);
  }, [user]);
};
