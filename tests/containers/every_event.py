"""`sam local invoke` with every event of events/: each gets the status in events/README.md."""

import concurrent.futures
import json
import os
import tempfile
import unittest

import support
from support import Answer, FUNCTIONS, SHARED_SECRETS, run, verified

# SAM's start takes most of the time, on one core.
AT_ONCE = os.cpu_count()


def invoke(file, function, *options):
    """The function's answer and log."""
    done = run("events/sam-local", "invoke", FUNCTIONS[function], "--event", f"events/{file}", *options)
    return Answer.of_function(json.loads(done.stdout)), done.stderr


class EveryEvent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        emulator = support.Process(["events/sam-local", "emulator"])
        cls.addClassCleanup(emulator.stop)
        emulator.wait_for(lambda: "zendesk-jwt is running" in emulator.output(), 300)

    def test_gets_the_documented_status(self):
        before = support.containers()
        expected = support.expected()
        self.assertEqual(len(expected), len(list(support.EVENTS.glob("*.json"))), "every event is in the table")
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            calls = [(file, function, status, pool.submit(invoke, file, function)) for file, function, status in expected]
            for file, function, status, call in calls:
                with self.subTest(file):
                    answer, _ = call.result()
                    print(answer.status, file, flush=True)
                    self.assertEqual(answer.status, status, answer.body)
                    if status == 200 and "logout" not in file:
                        # The keys of the named configurations in events/local/env.json.
                        suffix = next((name for name in ("-ios", "-legacy") if name in file), "")
                        verified(answer.jwt(), SHARED_SECRETS[function] + suffix)
        self.assertEqual(support.containers(), before, "a container is left")

    def test_without_a_secret_the_answer_is_503_and_the_log_says_what_to_store(self):
        variables = {"SIGNING_KEY_SECRET_ID": "none", "USER_TOKENS_TABLE": "zendesk-jwt-user-tokens"}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"Parameters": variables}, file)
            file.flush()
            answer, log = invoke("sdk-exchange-http-api.json", "sdk-exchange", "--env-vars", file.name)
        self.assertEqual(answer.status, 503, answer.body)
        self.assertIn("store the signing key from Admin Center", log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
