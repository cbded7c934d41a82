-- The request that `wrk` sends to `zendesk-jwt local`. docs/reliability.md has the command and the figures.
wrk.method = "POST"
wrk.body = "user_token=BD2F35A7621"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
