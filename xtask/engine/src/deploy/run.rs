//! Works on stacks: each as soon as those that it waits for are done, and as many at once as there are.
//!
//! A stack that fails holds only those that wait for it. What is done with a stack is the caller's.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

/// A stack in an order.
pub trait Ordered {
    /// Its name, unique in the order.
    fn name(&self) -> &str;
    /// Names of those that it waits for.
    fn after(&self) -> &BTreeSet<String>;
}

/// What became of the work on a stack.
#[derive(Debug, PartialEq, Eq)]
pub enum Run<T, E> {
    /// It is done.
    Done(T),
    /// It failed.
    Failed(E),
    /// It was not begun, because it waits for a stack that is not done.
    Held {
        /// The stack that it waits for.
        by: String,
        /// The stack that failed, which may be another one.
        root: String,
    },
    /// It was begun and not finished, because of the interruption.
    Detached,
    /// It was not begun, because of the interruption.
    NotBegun,
}

/// Works on every stack, or until `interrupt` completes. `stacks` are in an order in which each comes after
/// those that it waits for; `begin` is given what became of the stacks that are done.
pub async fn run<'a, S, T, E, F>(
    stacks: &'a [S],
    mut begin: impl FnMut(&'a S, &BTreeMap<&'a str, T>) -> F,
    interrupt: impl Future<Output = ()>,
) -> Vec<Run<T, E>>
where
    S: Ordered,
    F: Future<Output = Result<T, E>>,
{
    let mut waiting: Vec<&S> = stacks.iter().collect();
    let (mut done, mut failed) = (BTreeMap::new(), BTreeMap::new());
    let mut held: BTreeMap<&str, (String, String)> = BTreeMap::new();
    let mut running = FuturesUnordered::new();
    let mut interrupt = std::pin::pin!(interrupt);
    loop {
        waiting.retain(|&stack| {
            if let Some(by) = stack.after().iter().find(|name| failed.contains_key(name.as_str())) {
                held.insert(stack.name(), (by.clone(), by.clone()));
                return false;
            }
            let by = stack.after().iter().find_map(|name| Some((name, held.get(name.as_str())?)));
            if let Some((by, root)) = by.map(|(name, (_, root))| (name.clone(), root.clone())) {
                held.insert(stack.name(), (by, root));
                return false;
            }
            if stack.after().iter().all(|name| done.contains_key(name.as_str())) {
                let work = begin(stack, &done);
                running.push(async move { (stack.name(), work.await) });
                return false;
            }
            true
        });
        tokio::select! {
            next = running.next() => match next {
                Some((name, Ok(result))) => _ = done.insert(name, result),
                Some((name, Err(error))) => _ = failed.insert(name, error),
                None => break,
            },
            () = &mut interrupt => break,
        }
    }
    drop(running);
    let waiting: BTreeSet<&str> = waiting.into_iter().map(Ordered::name).collect();
    let end = |stack: &'a S| {
        let name = stack.name();
        if let Some(result) = done.remove(name) {
            return Run::Done(result);
        }
        if let Some(error) = failed.remove(name) {
            return Run::Failed(error);
        }
        match held.remove(name) {
            Some((by, root)) => Run::Held { by, root },
            None if waiting.contains(name) => Run::NotBegun,
            None => Run::Detached,
        }
    };
    stacks.iter().map(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stack(&'static str, BTreeSet<String>);

    impl Ordered for Stack {
        fn name(&self) -> &str {
            self.0
        }

        fn after(&self) -> &BTreeSet<String> {
            &self.1
        }
    }

    fn stack(name: &'static str, after: &[&str]) -> Stack {
        Stack(name, after.iter().map(|name| (*name).to_owned()).collect())
    }

    /// `a` fails, `z` never ends; each result says what was done before.
    async fn work(name: &str, before: Vec<String>) -> Result<Vec<String>, String> {
        match name {
            "a" => Err("no".to_owned()),
            "z" => std::future::pending().await,
            _ => Ok(before),
        }
    }

    #[tokio::test]
    async fn a_failure_holds_those_that_wait_for_it_and_an_interruption_the_rest() {
        let stacks = [
            stack("a", &[]),
            stack("b", &[]),
            stack("c", &["b"]),
            stack("d", &["a", "b"]),
            stack("e", &["d"]),
            stack("z", &[]),
            stack("after-z", &["c", "z"]),
        ];
        let begin = |stack: &Stack, done: &BTreeMap<&str, Vec<String>>| {
            work(stack.0, done.keys().map(|name| (*name).to_owned()).collect())
        };
        let runs = run(&stacks, begin, tokio::time::sleep(std::time::Duration::from_millis(50))).await;
        let held = |by: &str| Run::Held { by: by.to_owned(), root: "a".to_owned() };
        let expected = [
            Run::Failed("no".to_owned()),
            Run::Done(vec![]),
            Run::Done(vec!["b".to_owned()]),
            held("a"),
            held("d"),
            Run::Detached,
            Run::NotBegun,
        ];
        assert_eq!(runs, expected);
    }
}
