"""`sam local start-api`: the answers of the template's routes to Zendesk, a site and a browser, over HTTP."""

import unittest

import support
from support import SHARED_SECRETS, USER_TOKEN, request, verified

FORM = {"content-type": "application/x-www-form-urlencoded"}
SITE = "https://www.example.com"
COOKIE = {"cookie": f"session={USER_TOKEN}"}
HARDENED = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


PORT = support.free_port()


def setUpModule():
    containers_before = support.containers()
    api = support.Process(["events/sam-local", "start-api", "--port", str(PORT)])

    def stop():
        api.stop()
        left = support.containers() - containers_before
        if left:
            raise AssertionError(f"containers are left: {left}")

    unittest.addModuleCleanup(stop)
    api.wait_for(lambda: "Running on http" in api.output(), 300)


class Contract(unittest.TestCase):
    def call(self, method, path, headers=None, body=None):
        return request(method, f"http://127.0.0.1:{PORT}{path}", headers, body)

    def assert_hardened(self, answer):
        self.assertEqual({name: answer.headers.get(name) for name in HARDENED}, HARDENED)
        self.assertIn("max-age=", answer.headers.get("strict-transport-security", ""))

    def assert_problem(self, answer, status):
        """A problem document (RFC 9457) with the status of the answer."""
        self.assertEqual((answer.status, answer.headers["content-type"]), (status, "application/problem+json"), answer.body)
        self.assertEqual(answer.json()["status"], status)
        self.assert_hardened(answer)


class SupportSdk(Contract):
    def test_zendesk_exchanges_a_user_token_for_a_jwt(self):
        answer = self.call("POST", "/sdk/jwt", FORM, f"user_token={USER_TOKEN}")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(list(answer.json()), ["jwt"])
        claims = verified(answer.jwt(), SHARED_SECRETS["sdk-exchange"])
        self.assertEqual((claims["name"], claims["email"]), ("Demo User", "demo@example.com"))
        self.assert_hardened(answer)

    def test_all_refusals_are_equal(self):
        tokens = ("unknown", "demo-expired", "demo-suspended", "demo-unverified", "demo-messaging-only")
        refusals = [self.call("POST", "/sdk/jwt", FORM, f"user_token={token}") for token in tokens]
        for refusal in refusals:
            self.assert_problem(refusal, 401)
            # The server adds the time of day.
            refusal.headers.pop("date")
            self.assertEqual((refusal.headers, refusal.body), (refusals[0].headers, refusals[0].body))

    def test_the_answer_to_a_malformed_request_says_what_was_expected(self):
        for headers, body, status, expected in (
            (FORM, "", 400, "user_token"),
            (FORM, "user_token=a&user_token=b", 400, "exactly one"),
            (FORM, "user_token=%FF", 400, "UTF-8"),
            (FORM, "user_token=" + "a" * 8192, 413, "8 KiB"),
            ({"content-type": "application/json"}, '{"user_token": "a"}', 415, "application/x-www-form-urlencoded"),
        ):
            with self.subTest(body=body[:40]):
                answer = self.call("POST", "/sdk/jwt", headers, body)
                self.assert_problem(answer, status)
                self.assertIn(expected, answer.json()["detail"])


class Messaging(Contract):
    def test_an_app_gets_a_jwt_with_a_bearer_token(self):
        answer = self.call("POST", "/messaging/jwt", {"authorization": f"Bearer {USER_TOKEN}"})
        self.assertEqual(answer.status, 200, answer.body)
        claims = verified(answer.jwt(), SHARED_SECRETS["messaging-token"])
        self.assertEqual((claims["scope"], claims["external_id"]), ("user", "demo-1"))
        self.assertEqual(answer.json()["expires_at"], claims["exp"])
        self.assertEqual(support.jwt.get_unverified_header(answer.jwt())["kid"], "app_demo")
        self.assert_hardened(answer)

    def test_a_site_gets_a_jwt_with_its_cookie_and_may_read_it(self):
        answer = self.call("POST", "/messaging/jwt", {**COOKIE, "origin": SITE})
        self.assertEqual(answer.status, 200, answer.body)
        verified(answer.jwt(), SHARED_SECRETS["messaging-token"])
        self.assertEqual(answer.headers["access-control-allow-origin"], SITE)
        self.assertEqual(answer.headers["access-control-allow-credentials"], "true")

    def test_another_site_may_not_read_it(self):
        answer = self.call("POST", "/messaging/jwt", {**COOKIE, "origin": "https://elsewhere.example"})
        self.assertNotIn("access-control-allow-origin", answer.headers)

    def test_the_preflight_of_a_site_is_allowed(self):
        asked = {"origin": SITE, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        answer = self.call("OPTIONS", "/messaging/jwt", asked)
        self.assertIn(answer.status, (200, 204))
        self.assertEqual(answer.headers.get("access-control-allow-origin"), SITE)
        self.assertEqual(answer.headers.get("access-control-allow-credentials"), "true")
        self.assertIn("POST", answer.headers.get("access-control-allow-methods", ""))
        self.assertIn("authorization", answer.headers.get("access-control-allow-headers", ""))

    def test_the_preflight_of_another_site_is_not(self):
        asked = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
        self.assertNotIn("access-control-allow-origin", self.call("OPTIONS", "/messaging/jwt", asked).headers)

    def test_a_refusal_is_401(self):
        self.assert_problem(self.call("POST", "/messaging/jwt", {"authorization": "Bearer unknown"}), 401)

    def test_another_method_is_405_and_says_which(self):
        answer = self.call("GET", "/messaging/jwt", COOKIE)
        self.assert_problem(answer, 405)
        self.assertEqual(answer.headers["allow"], "POST")


class SingleSignOn(Contract):
    def assert_page(self, answer):
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
        self.assertEqual(answer.headers["referrer-policy"], "no-referrer")
        self.assertIn("frame-ancestors 'none'", answer.headers["content-security-policy"])
        self.assert_hardened(answer)

    def assert_posts_to_zendesk(self, answer):
        self.assert_page(answer)
        self.assertEqual(answer.form().action, "https://acme.zendesk.com/access/jwt")
        self.assertEqual(verified(answer.jwt(), SHARED_SECRETS["sso-redirect"])["email"], "demo@example.com")

    def test_a_browser_with_a_session_gets_a_page_that_posts_to_zendesk(self):
        answer = self.call("GET", "/sso/login?return_to=https%3A%2F%2Facme.zendesk.com%2Fhc%2Fen-us", COOKIE)
        self.assert_posts_to_zendesk(answer)
        self.assertEqual(answer.form().fields["return_to"], "https://acme.zendesk.com/hc/en-us")

    def test_a_sign_in_page_may_post_the_user_token(self):
        self.assert_posts_to_zendesk(self.call("POST", "/sso/login", {**FORM, "origin": SITE}, f"user_token={USER_TOKEN}"))

    def test_a_browser_without_a_session_goes_to_the_login_page_and_back(self):
        answer = self.call("GET", "/sso/login?return_to=%2Fhc")
        self.assertEqual(answer.status, 303)
        self.assertTrue(answer.headers["location"].startswith("https://www.example.com/login?return_to="), answer.headers["location"])
        self.assert_hardened(answer)

    def test_a_browser_that_signed_out_gets_a_page_and_loses_its_session(self):
        answer = self.call("GET", "/sso/logout?email=demo%40example.com&external_id=demo-1", COOKIE)
        self.assert_page(answer)
        self.assertIn("session=;", answer.headers["set-cookie"])

    def test_an_error_of_zendesk_is_shown_and_escaped(self):
        answer = self.call("GET", "/sso/logout?kind=error&message=%3Cb%3ENo%3C%2Fb%3E")
        self.assert_page(answer)
        self.assertIn("<blockquote>&#60;b&#62;No&#60;/b&#62;</blockquote>", answer.body)


class Routes(Contract):
    def test_no_function_sees_another_route(self):
        # SAM says 403 where API Gateway says 404.
        for method, path in (("GET", "/"), ("GET", "/sdk/jwt"), ("POST", "/sso/logout"), ("GET", "/sso/login/elsewhere")):
            answer = self.call(method, path)
            self.assertIn(answer.status, (403, 404), f"{method} {path}")
            self.assertNotIn("strict-transport-security", answer.headers, f"{method} {path}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
