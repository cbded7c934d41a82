//! A minimal HTTP/1.1 server with one thread per connection, with or without TLS. It uses little CPU, so that it hardly
//! disturbs the measurements.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A request. The head is in lower case.
pub struct RecordedRequest {
    pub head: String,
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The request's target, such as `/2018-06-01/runtime/invocation/next`.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| *found == name).map(|(_, value)| value.trim())
    }
}

/// An answer: the status with its reason, header lines, and the body.
pub struct Reply {
    pub status: &'static str,
    pub headers: String,
    pub body: String,
}

/// A running server. Its threads end with the process.
pub struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// `answer` returns `None` to close the connection.
    pub fn start(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&RecordedRequest) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (Arc::clone(&connections), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tls, answer) = (tls.clone(), Arc::clone(&answer));
                count.fetch_add(1, Ordering::Relaxed);
                std::thread::spawn(move || {
                    let stream = stream.unwrap();
                    stream.set_nodelay(true).unwrap();
                    serve_connection(stream, tls, &*answer);
                });
            }
        });
        Self { address, connections }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn serve_connection(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    answer: &dyn Fn(&RecordedRequest) -> Option<Reply>,
) {
    match tls {
        None => answer_requests(stream, answer),
        Some(config) => answer_requests(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), answer),
    }
}

/// Answers requests in turn until either side closes the connection.
fn answer_requests(mut stream: impl Read + Write, answer: &dyn Fn(&RecordedRequest) -> Option<Reply>) {
    let mut received = Vec::new();
    while let Some(request) = read(&mut stream, &mut received) {
        let Some(Reply { status, headers, body }) = answer(&request) else { return };
        let length = body.len();
        let reply = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        if stream.write_all(reply.as_bytes()).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut impl Read, received: &mut Vec<u8>) -> Option<RecordedRequest> {
    let head = loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<_> = received.drain(..end + 4).collect();
            break String::from_utf8(head).unwrap().to_ascii_lowercase();
        }
        more(stream, received)?;
    };
    let mut request = RecordedRequest { head, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while received.len() < length {
        more(stream, received)?;
    }
    request.body = received.drain(..length).collect();
    Some(request)
}

fn more(stream: &mut impl Read, received: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 16 * 1024];
    let count = stream.read(&mut buffer).ok().filter(|&count| count > 0)?;
    received.extend_from_slice(&buffer[..count]);
    Some(())
}
