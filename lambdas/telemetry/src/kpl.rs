//! Records of the stream that hold many: [aggregates of the Kinesis Producer
//! Library](https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md).
//!
//! A record begins with four bytes that no UTF-8 text has, and ends with the MD5 of what is between, a
//! message of [Protocol Buffers](https://protobuf.dev/programming-guides/encoding/):
//! ```text
//! message AggregatedRecord {
//!   repeated string partition_key_table     = 1;
//!   repeated string explicit_hash_key_table = 2;
//!   repeated Record records                 = 3;
//! }
//! message Record {
//!   required uint64 partition_key_index     = 1;
//!   optional uint64 explicit_hash_key_index = 2;
//!   required bytes  data                    = 3;
//!   repeated Tag    tags                    = 4;
//! }
//! ```
//! Nothing is copied: what a record holds is a part of its bytes.

use md5::{Digest, Md5};

use crate::Fault;

/// The first bytes of an aggregate.
const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// The bytes of the checksum.
const CHECKSUM: usize = 16;

/// What a producer put into the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserRecord<'a> {
    /// What it chose the shard by, had it been alone.
    pub partition_key: &'a str,
    /// What it chose the shard by in place of the partition key's hash, as a decimal number.
    pub explicit_hash_key: Option<&'a str>,
    /// What it sent.
    pub data: &'a [u8],
}

/// Whether `bytes` say that they are an aggregate.
pub fn is_aggregate(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Takes a record of the stream apart, in the order in which it was filled; `None` if it is no aggregate.
///
/// An aggregate with a wrong checksum, without records, or that is anything else than what its format
/// says, is a [`Fault::KplAggregate`].
pub fn split(bytes: &[u8]) -> Option<Result<Vec<UserRecord<'_>>, Fault>> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    Some(aggregate(rest).map_err(|detail| Fault::KplAggregate { detail }))
}

fn aggregate(bytes: &[u8]) -> Result<Vec<UserRecord<'_>>, &'static str> {
    let (message, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or("it ends before its checksum")?;
    if Md5::digest(message)[..] != checksum[..] {
        return Err("its checksum is wrong");
    }
    read(message)
        .ok_or("it is not as its format says")
        .and_then(|records| if records.is_empty() { Err("it holds no record") } else { Ok(records) })
}

/// A record as it is written: indexes of the tables, and the data.
struct Written<'a> {
    partition_key: usize,
    explicit_hash_key: Option<usize>,
    data: &'a [u8],
}

fn read<'a>(message: &'a [u8]) -> Option<Vec<UserRecord<'a>>> {
    let (mut partition_keys, mut hash_keys, mut records) = (Vec::new(), Vec::new(), Vec::new());
    let mut fields = Fields { rest: message };
    while !fields.rest.is_empty() {
        match fields.next()? {
            (1, Field::Bytes(key)) => partition_keys.push(std::str::from_utf8(key).ok()?),
            (2, Field::Bytes(key)) => hash_keys.push(std::str::from_utf8(key).ok()?),
            (3, Field::Bytes(record)) => records.push(Written::read(record)?),
            (1..=3, _) => return None,
            _ => {}
        }
    }
    let user_record = |record: Written<'a>| {
        Some(UserRecord {
            partition_key: partition_keys.get(record.partition_key)?,
            explicit_hash_key: match record.explicit_hash_key {
                Some(index) => Some(*hash_keys.get(index)?),
                None => None,
            },
            data: record.data,
        })
    };
    // Tables may come behind the records that point to them.
    records.into_iter().map(user_record).collect()
}

impl<'a> Written<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let (mut partition_key, mut explicit_hash_key, mut data) = (None, None, None);
        let mut fields = Fields { rest: message };
        while !fields.rest.is_empty() {
            match fields.next()? {
                (1, Field::Number(index)) => partition_key = Some(usize::try_from(index).ok()?),
                (2, Field::Number(index)) => explicit_hash_key = Some(usize::try_from(index).ok()?),
                (3, Field::Bytes(bytes)) => data = Some(bytes),
                (1..=3, _) => return None,
                _ => {}
            }
        }
        Some(Self { partition_key: partition_key?, explicit_hash_key, data: data? })
    }
}

/// The fields of a message.
struct Fields<'a> {
    rest: &'a [u8],
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, of which nothing is wanted.
    Fixed,
}

impl<'a> Fields<'a> {
    /// The number of the next field, and what it holds. `None` where the bytes are none.
    fn next(&mut self) -> Option<(u64, Field<'a>)> {
        let key = self.number()?;
        let field = match key & 7 {
            0 => Field::Number(self.number()?),
            1 => self.bytes(8).map(|_| Field::Fixed)?,
            2 => {
                let length = self.number()?;
                Field::Bytes(self.bytes(length)?)
            }
            5 => self.bytes(4).map(|_| Field::Fixed)?,
            // Groups are not written any more.
            _ => return None,
        };
        match key >> 3 {
            0 => None,
            number => Some((number, field)),
        }
    }

    /// A number of variable length: seven bits a byte, the lowest first, and no more than 64.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7F);
            if bits.unbounded_shl(shift) >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests;
