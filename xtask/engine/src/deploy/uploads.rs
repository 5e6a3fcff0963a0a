//! The archives of a plan on their way to the bucket: all of them before the first stack, where the bucket is there
//! already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::{StreamExt as _, stream};

use super::engine::Engine;
use super::plan::{Action, Plan, StackPlan};
use super::stack_error::StackError;
use super::storage::STORAGE;
use artifacts::{Archive, upload};

/// Uploads at the same time.
const AT_ONCE: usize = 8;

/// What is known to be in a bucket: its name and the key.
#[derive(Debug, Default)]
pub struct Uploads(Mutex<BTreeSet<(String, String)>>);

impl Uploads {
    /// Uploads what the stacks of a plan need, if their bucket is there. What fails is tried again at its stack's
    /// turn, which tells why.
    pub async fn ahead(engine: &Engine<'_>, plan: &Plan) -> Self {
        let uploads = Self::default();
        let storage = plan.stacks.iter().find(|stack| stack.name == STORAGE.0);
        let own = storage.and_then(|stack| stack.outputs.get(STORAGE.1)).cloned();
        let Some(bucket) = engine.storage.account_bucket.clone().or(own) else { return uploads };
        let changing = plan.stacks.iter().filter(|stack| stack.action != Action::None);
        let archives = by_key(changing.flat_map(|stack| &stack.archives));
        if !archives.is_empty() {
            let _ = uploads.send(engine, archives, &bucket).await;
        }
        uploads
    }

    /// Uploads what a stack needs and is not known to be in its bucket.
    pub async fn of_stack(
        &self,
        engine: &Engine<'_>,
        stack: &StackPlan,
        bucket: Option<&str>,
    ) -> Result<(), StackError> {
        if stack.archives.is_empty() {
            return Ok(());
        }
        let bucket = bucket.ok_or(StackError::NoBucket)?;
        let missing = stack.archives.iter().filter(|archive| !self.has(bucket, archive));
        let missing = by_key(missing);
        if missing.is_empty() { Ok(()) } else { self.send(engine, missing, bucket).await }
    }

    async fn send(
        &self,
        engine: &Engine<'_>,
        archives: BTreeMap<&str, &Archive>,
        bucket: &str,
    ) -> Result<(), StackError> {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let size = archives.values().map(|archive| archive.bytes).sum::<u64>() as f64 / 1e6;
        let of = archives.len();
        let step = engine.observer.step(format_args!("Uploading code to {bucket} ({size:.1} MB)"));
        let sent = archives.into_values().map(|archive| async move {
            upload::archive(&engine.s3, bucket, archive).await.map(|_| archive)
        });
        let mut sent = stream::iter(sent).buffer_unordered(AT_ONCE);
        let (mut count, mut failed) = (0, None);
        while let Some(archive) = sent.next().await {
            match archive {
                Ok(archive) => self.note(bucket, archive),
                Err(error) => failed = failed.or(Some(error)),
            }
            count += 1;
            step.update(format_args!("{} {count}/{of}", step.text()));
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        step.done(format_args!("{of} archives"));
        Ok(())
    }

    fn has(&self, bucket: &str, archive: &Archive) -> bool {
        let known = (bucket.to_owned(), archive.key.clone());
        self.0.lock().is_ok_and(|there| there.contains(&known))
    }

    fn note(&self, bucket: &str, archive: &Archive) {
        if let Ok(mut there) = self.0.lock() {
            there.insert((bucket.to_owned(), archive.key.clone()));
        }
    }
}

/// Archives that more than one stack needs are one.
fn by_key<'a>(archives: impl Iterator<Item = &'a Archive>) -> BTreeMap<&'a str, &'a Archive> {
    archives.map(|archive| (archive.key.as_str(), archive)).collect()
}
