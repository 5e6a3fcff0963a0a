//! As much of HTTP/1.1 as a server of a test takes: one request and one answer for each connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::Request;

/// A request with its head, without the header `Connection`, as another server is told it.
pub(crate) struct Received {
    pub request: Request,
    pub head: String,
    pub body: Vec<u8>,
}

/// Reads one request.
pub(crate) fn receive(stream: &TcpStream) -> std::io::Result<Received> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let name = line.to_ascii_lowercase();
        if let Some(value) = name.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        if name.starts_with("expect:") {
            stream.try_clone()?.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        } else if !name.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let line = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    let request = Request { line, body: String::from_utf8_lossy(&body).into_owned() };
    Ok(Received { request, head, body })
}

/// Answers with this status line and body. `told` is the length that the answer says it has.
pub(crate) fn answer(mut stream: &TcpStream, status: &str, body: &str, told: usize) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {told}\r\nConnection: close\r\n\r\n{body}")
}
