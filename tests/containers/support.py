"""What the three proofs beside this file share: processes that end with them, events, HTTP and JWTs."""

import atexit
import html.parser
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import jwt

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"

# The operator's tool, `zendesk-jwt`.
TOOL = ("cargo", "run", "--quiet", "--locked", "--package", "zendesk-jwt-cli", "--")

# What `zendesk-jwt local` holds: one user whom all three flows vouch for, and a shared secret of each kind.
USER_TOKEN = "BD2F35A7621"
FUNCTIONS = {
    "sdk-exchange": "SdkExchangeFunction",
    "messaging-token": "MessagingTokenFunction",
    "sso-redirect": "SsoRedirectFunction",
}
SHARED_SECRETS = {
    "sdk-exchange": "demo-sdk-shared-secret-not-for-production",
    "messaging-token": "demo-messaging-shared-secret-not-for-production",
    "sso-redirect": "demo-sso-shared-secret-not-for-production",
}


class Process:
    """A process in a session of its own, which ends when this program does."""

    running = []

    def __init__(self, command, environment=None):
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        # Ctrl-C must end it, even where it was ignored when this program was started in the background.
        unignore = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
        self.child = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, start_new_session=True, preexec_fn=unignore,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
        )
        Process.running.append(self)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def wait_for(self, is_ready, seconds):
        """Waits until `is_ready()`, and fails with the output when the process ended or took longer."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{self.child.args} did not get ready:\n{self.output()}")
            time.sleep(0.1)

    def stop(self, seconds=20):
        """What Ctrl-C does, and after some time what cannot be refused. Gives the exit status."""
        for end in (signal.SIGINT, signal.SIGKILL):
            if self.child.poll() is None:
                os.killpg(self.child.pid, end)
                try:
                    self.child.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        return self.child.returncode


@atexit.register
def stop_all():
    for process in Process.running:
        process.stop()


def end_at_once(_signal, _frame):
    """A stage that takes too long is told to end: without waiting for what is under way, but nothing stays behind."""
    stop_all()
    os._exit(1)


signal.signal(signal.SIGTERM, end_at_once)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(*command, environment=None, given="", seconds=120):
    """Runs a command to its end, given its standard input. Fails with all it printed when it fails."""
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True, timeout=seconds)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def containers():
    """The ids of SAM's containers on this machine."""
    return set(run("docker", "ps", "--all", "--quiet", "--filter", "label=sam.cli.container.type=lambda").stdout.split())


def promised():
    """File, function and promised status of every event, from the table in events/README.md."""
    rows = [line.strip("|").split("|") for line in (EVENTS / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return [(row[0].strip(" `"), row[1].strip(" `"), int(row[-1])) for row in rows]


class Answer:
    """An HTTP answer, whichever way it came. Header names are lower case."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @classmethod
    def of_function(cls, response):
        """From what a function returned to API Gateway or to a load balancer."""
        several = {name: values[-1] for name, values in response.get("multiValueHeaders", {}).items()}
        headers = {name.lower(): value for name, value in {**several, **response.get("headers", {})}.items()}
        return cls(response["statusCode"], headers, response["body"])

    def json(self):
        return json.loads(self.body)

    def form(self):
        """Where the page's form goes, and its fields."""
        return _Form(self.body)

    def jwt(self):
        """The JWT, as whoever asked for it finds it: in JSON, or in the page's form."""
        if self.headers["content-type"].startswith("application/json"):
            return self.json()["jwt"]
        return self.form().fields["jwt"]


class _Form(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input":
            self.fields[attributes["name"]] = attributes["value"]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


# Without the proxies that the environment may name: these calls stay on this machine.
_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def request(method, url, headers=None, body=None):
    """Sends one request and follows no redirect."""
    call = urllib.request.Request(url, body.encode() if body is not None else None, headers or {}, method=method)
    try:
        response = _OPENER.open(call, timeout=60)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        answered = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, answered, response.read().decode())


def verified(token, secret):
    """The claims of a JWT, as Zendesk's side would see them: PyJWT refuses what is not signed with the secret."""
    return jwt.decode(token, secret, algorithms=["HS256"])
