"""The image of the operator's tool, from the packages in the folder PACKAGES: `local` and `doctor` work in containers."""

import os
import tempfile
import time
import unittest

import support
from support import SHARED_SECRETS, USER_TOKEN, run, verified

# The replacement of .ci/base-image, since Docker's registries may be out of reach.
BASE = "public.ecr.aws/lambda/provided:al2023-x86_64"
PORT = support.free_port()
FORM = {"content-type": "application/x-www-form-urlencoded"}


def is_ready():
    try:
        return support.request("GET", f"http://127.0.0.1:{PORT}/").status == 200
    except OSError:
        return False


class ToolImage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        tool = support.unpacked("zendesk-jwt-[0-9]*-linux-x86_64", os.environ["PACKAGES"], folder.name)
        cls.image = run("docker", "build", "--quiet", "--build-arg", f"BASE={BASE}", ".", folder=tool).stdout.strip()
        cls.addClassCleanup(run, "docker", "image", "rm", "--force", cls.image)
        published = f"127.0.0.1:{PORT}:3000"
        cls.local = run("docker", "run", "--detach", "--rm", "--publish", published, cls.image, "local", "--host", "0.0.0.0").stdout.strip()
        cls.addClassCleanup(run, "docker", "stop", "--time", "2", cls.local)
        deadline = time.monotonic() + 30
        while not is_ready() and time.monotonic() < deadline:
            time.sleep(0.1)

    def test_local_signs_a_jwt(self):
        answer = support.request("POST", f"http://127.0.0.1:{PORT}/sdk/jwt", FORM, f"user_token={USER_TOKEN}")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(verified(answer.jwt(), SHARED_SECRETS["sdk-exchange"])["external_id"], "demo-1")

    def test_doctor_finds_nothing_wrong_with_it(self):
        network = f"container:{self.local}"
        report = run("docker", "run", "--rm", "--network", network, self.image, "doctor", "http://127.0.0.1:3000/sdk/jwt").stdout
        self.assertIn("unknown-token", report)


if __name__ == "__main__":
    unittest.main(verbosity=2)
