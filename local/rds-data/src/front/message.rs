//! Messages of PostgreSQL's [protocol](https://www.postgresql.org/docs/current/protocol-message-formats.html), as far as
//! the front reads and writes them itself.

use std::{collections::BTreeMap, io};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes of the longest first message, as the server has it.
const LONGEST_STARTUP: usize = 10_000;
/// Bytes of the longest message while somebody logs in: a token with that of a session has a few kilobytes.
const LONGEST_LOGIN: usize = 65_536;

const CANCEL: u32 = 80_877_102;
const TLS: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// What a connection begins with. Each holds the bytes that were sent.
#[derive(Debug)]
pub(super) enum First {
    /// TLS is asked for.
    Tls,
    /// Encryption of another kind is asked for.
    Gss,
    /// A statement of another connection is to be cancelled.
    Cancel(Vec<u8>),
    /// A session begins, with these parameters.
    Startup(Vec<u8>, BTreeMap<String, String>),
}

/// An error that ends a connection.
#[derive(Debug)]
pub(super) struct Fatal {
    /// Five characters.
    pub state: &'static str,
    /// The server's words.
    pub message: String,
}

impl First {
    /// Reads the first message.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let length = stream.read_u32().await?;
        let size = length as usize;
        if !(8..=LONGEST_STARTUP).contains(&size) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no first message of PostgreSQL"));
        }
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.resize(size, 0);
        stream.read_exact(&mut bytes[4..]).await?;
        let code = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        Ok(match code {
            TLS => Self::Tls,
            GSS => Self::Gss,
            CANCEL => Self::Cancel(bytes),
            _ => {
                let texts = bytes[8..]
                    .split(|byte| *byte == 0)
                    .map(|text| String::from_utf8_lossy(text).into_owned());
                let texts: Vec<String> = texts.take_while(|text| !text.is_empty()).collect();
                let pairs = texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                let parameters = pairs.collect();
                Self::Startup(bytes, parameters)
            }
        })
    }
}

impl Fatal {
    /// As it is sent.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let fields = [('S', "FATAL"), ('V', "FATAL"), ('C', self.state), ('M', &self.message)];
        let mut body: Vec<u8> = Vec::new();
        for (kind, text) in fields {
            body.push(kind as u8);
            body.extend(text.bytes());
            body.push(0);
        }
        body.push(0);
        message(b'E', &body)
    }
}

/// A message of this tag.
pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// Reads a whole message of a login, with its tag and its length, and nothing of what follows it.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 5];
    stream.read_exact(&mut bytes).await?;
    let length = u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]) as usize;
    if !(4..=LONGEST_LOGIN).contains(&length) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no message of a login"));
    }
    bytes.resize(length + 1, 0);
    stream.read_exact(&mut bytes[5..]).await?;
    Ok(bytes)
}
