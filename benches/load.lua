-- The request for `wrk -t2 -c32 -d60s --latency -s benches/load.lua http://127.0.0.1:3000/sdk/jwt`.
wrk.method = "POST"
wrk.body = "user_token=BD2F35A7621"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
