//! What goes to and fro once a session has begun, with the faults that are asked for.
//!
//! A request ends with `Sync`, or is one `Query`. Whatever is to become of it is drawn when that message begins, before
//! the server has it: until then it has done nothing that stays.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::message::Fatal;
use crate::faults::{Broken, DrawnRequest};

const QUERY: u8 = b'Q';
const SYNC: u8 = b'S';
/// The server's last message of every request.
const READY: u8 = b'Z';

/// Bytes that are passed on at once.
const CHUNK: usize = 65_536;

/// Relays between a client and a server until one of them is gone, or a fault ends it.
pub(super) async fn relay(
    client: impl AsyncRead + AsyncWrite,
    server: impl AsyncRead + AsyncWrite,
    draw: impl Fn() -> DrawnRequest,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let lost = AtomicBool::new(false);
    let broken = tokio::select! {
        ended = requests(&mut from_client, &mut to_server, draw, &lost) => ended?,
        ended = answers(&mut from_server, &mut to_client, &lost) => ended?,
    };
    if broken == Some(Broken::Killed) {
        let message = "terminating connection due to administrator command".to_owned();
        to_client.write_all(&Fatal { state: "57P01", message }.bytes()).await?;
    }
    // Whoever is left learns it by the end of the stream.
    to_client.shutdown().await?;
    to_server.shutdown().await
}

async fn requests(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    draw: impl Fn() -> DrawnRequest,
    lost: &AtomicBool,
) -> io::Result<Option<Broken>> {
    let mut messages = Messages::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return Ok(None);
        }
        let mut passed = 0;
        while let Some(begin) = messages.next_of(&chunk[passed..length], &[QUERY, SYNC]) {
            to.write_all(&chunk[passed..passed + begin]).await?;
            passed += begin;
            let DrawnRequest { delay, broken } = draw();
            tokio::time::sleep(delay).await;
            match broken {
                Some(Broken::Lost) => lost.store(true, Ordering::SeqCst),
                Some(Broken::Silent) => {
                    while from.read(&mut chunk).await? > 0 {}
                    return Ok(None);
                }
                Some(broken) => return Ok(Some(broken)),
                None => {}
            }
        }
        to.write_all(&chunk[passed..length]).await?;
        to.flush().await?;
    }
}

async fn answers(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    lost: &AtomicBool,
) -> io::Result<Option<Broken>> {
    let mut messages = Messages::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return Ok(None);
        }
        let is_lost = lost.load(Ordering::SeqCst);
        let (mut seen, mut is_done) = (0, false);
        while let Some(begin) = messages.next_of(&chunk[seen..length], &[READY]) {
            (seen, is_done) = (seen + begin, true);
        }
        if !is_lost {
            to.write_all(&chunk[..length]).await?;
            to.flush().await?;
        } else if is_done {
            return Ok(Some(Broken::Lost));
        }
    }
}

/// Where messages begin in what comes in pieces.
#[derive(Debug, Default)]
struct Messages {
    header: [u8; 5],
    /// Bytes of the header that were seen.
    seen: usize,
    /// Bytes of the body that are to come.
    left: usize,
    /// Whether it was told that this message begins.
    is_told: bool,
}

impl Messages {
    /// Where the next message of one of these tags begins in the next piece. What follows is asked for from there on.
    fn next_of(&mut self, piece: &[u8], tags: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < piece.len() {
            if self.left > 0 {
                let step = self.left.min(piece.len() - at);
                self.left -= step;
                at += step;
                continue;
            }
            if self.seen == 0 && !self.is_told && tags.contains(&piece[at]) {
                self.is_told = true;
                return Some(at);
            }
            self.header[self.seen] = piece[at];
            self.seen += 1;
            at += 1;
            if self.seen == self.header.len() {
                let [_, length @ ..] = self.header;
                *self =
                    Self { left: (u32::from_be_bytes(length) as usize).saturating_sub(4), ..Self::default() };
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::message::message;

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let sent =
            [message(b'P', b"QS"), message(b'S', b""), message(b'E', b"SSS"), message(b'Q', b"x")].concat();
        for size in 1..=sent.len() {
            let (mut messages, mut found) = (Messages::default(), Vec::new());
            for (index, piece) in sent.chunks(size).enumerate() {
                let mut at = 0;
                while let Some(begin) = messages.next_of(&piece[at..], &[QUERY, SYNC]) {
                    at += begin;
                    found.push(index * size + at);
                }
            }
            assert_eq!(found, [7, 20], "{size}");
        }
    }
}
