//! One process of a function behind a fake Runtime API, measured with the kernel's counters.

use crate::server::{RecordedRequest, Reply, Server};
use crate::support::{EventSource, Kind, now};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

/// Long enough for every call, even under callgrind.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A running function that waits for an event.
pub struct Run {
    child: Child,
    _api: Server,
    events: Sender<Value>,
    calls: Receiver<Call>,
    started: Instant,
    ready: Instant,
}

enum Call {
    Next(Instant),
    Answer(Instant, Vec<u8>),
}

impl Run {
    /// Starts the program and waits until it requests its first event.
    pub fn start(program: Command, kind: Kind, environment: &[(&'static str, String)]) -> Self {
        // With this log, each line costs only one system call.
        Self::logging_to(Stdio::null(), program, kind, environment)
    }

    /// The same, with the log written to `log`.
    pub fn logging_to(log: Stdio, mut program: Command, kind: Kind, environment: &[(&'static str, String)]) -> Self {
        let (events, queue) = mpsc::channel::<Value>();
        let (sender, calls) = mpsc::channel();
        let (queue, sender) = (Mutex::new(queue), Mutex::new(sender));
        let api = Server::start(None, move |request| runtime_api(request, &queue, &sender));
        program.env_clear().envs(lambda(kind, api.port())).envs(environment.iter().cloned());
        program.stdin(Stdio::null()).stdout(log).stderr(Stdio::null());
        let started = Instant::now();
        let child = program.spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
        let mut run = Self { child, _api: api, events, calls, started, ready: started };
        run.ready = run.next();
        run
    }

    /// The time from the start to the first request for an event, which is Lambda's init.
    pub fn init(&self) -> Duration {
        self.ready - self.started
    }

    /// The time from the event to the answer, which must have status 200.
    pub fn invoke(&mut self, event: Value) -> Duration {
        self.invoke_for(200, event)
    }

    /// The time from the event to the answer, which must have this status.
    pub fn invoke_for(&mut self, status: u16, event: Value) -> Duration {
        let sent = Instant::now();
        self.events.send(event).unwrap();
        let Call::Answer(at, body) = self.next_call() else { panic!("the function requested a second event") };
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(&format!(r#""statusCode":{status}"#)), "{body}");
        self.next();
        at - sent
    }

    /// The log, if it is piped.
    pub fn log(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until the process is idle. Returns the CPU time of all its threads.
    pub fn cpu(&self) -> Duration {
        let tasks = format!("/proc/{}/task", self.child.id());
        let mut before = None;
        loop {
            let ran = |task: std::fs::DirEntry| {
                let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
                text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0)
            };
            let sum: u64 = std::fs::read_dir(&tasks).unwrap().map(|task| ran(task.unwrap())).sum();
            if before == Some(sum) {
                return Duration::from_nanos(sum);
            }
            before = Some(sum);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The minor page faults so far, including those of the code in the binary.
    pub fn page_faults(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name of the process is in brackets and can contain spaces (proc_pid_stat(5)).
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(7).unwrap().parse().unwrap()
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Ends the process so that callgrind can write its counts.
    pub fn end(mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap();
    }

    fn next(&self) -> Instant {
        match self.next_call() {
            Call::Next(at) => at,
            Call::Answer(_, body) => panic!("an answer without an event: {}", String::from_utf8_lossy(&body)),
        }
    }

    fn next_call(&self) -> Call {
        self.calls.recv_timeout(TIMEOUT).expect("a call of the function in time")
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The size of a file and of its zip file, in bytes.
pub fn sizes(binary: &Path) -> (u64, u64) {
    // A zip file has the same deflated bytes, and about a hundred more.
    let packed = Command::new("gzip").args(["-9", "-c"]).arg(binary).output().unwrap().stdout.len();
    (std::fs::metadata(binary).unwrap().len(), packed as u64)
}

/// The event of an HTTP API for a request with this user token.
pub fn event(kind: Kind, token: &str) -> Value {
    EventSource::HttpApi.event(&kind.request(token))
}

fn runtime_api(
    request: &RecordedRequest,
    queue: &Mutex<Receiver<Value>>,
    sender: &Mutex<Sender<Call>>,
) -> Option<Reply> {
    let send = |calls| sender.lock().unwrap().send(calls).ok();
    if !request.target().ends_with("/invocation/next") {
        send(Call::Answer(Instant::now(), request.body.clone()))?;
        return Some(Reply { status: "202 Accepted", headers: String::new(), body: String::new() });
    }
    send(Call::Next(Instant::now()))?;
    let event = queue.lock().unwrap().recv().ok()?;
    let deadline = (now() + 10) * 1000;
    let headers = format!(
        "content-type: application/json\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-000000000000\r\n\
         lambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:test\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
    );
    Some(Reply { status: "200 OK", headers, body: event.to_string() })
}

/// The variables that Lambda sets, and the subdomain.
fn lambda(kind: Kind, port: u16) -> Vec<(&'static str, String)> {
    let name = kind.name().to_owned();
    vec![
        ("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{port}")),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function".into()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/20/[$LATEST]0123456789abcdef".into()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".into()),
        ("AWS_REGION", "eu-west-1".into()),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".into()),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
        ("AWS_SESSION_TOKEN", "a-session-token".into()),
        ("ZENDESK_SUBDOMAIN", "acme".into()),
        ("TZ", ":UTC".into()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
    ]
}
