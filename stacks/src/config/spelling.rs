//! Which word a person probably meant.

/// Similarity, 0 to 1, above which a word counts as a misspelling of another with the same first letter.
const SIMILAR: f64 = 0.7;

/// The same for words that begin differently: the first letter is rarely the wrong one.
const SIMILAR_BUT_FOR_THE_FIRST: f64 = 0.8;

/// The candidate that `given` is most likely a misspelling of, if any is similar at all. The first
/// of equals wins, so the answer depends on nothing but the arguments.
pub fn likely<'a, S: AsRef<str> + ?Sized + 'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a S>,
) -> Option<&'a str> {
    let given = folded(given);
    let mut best = None;
    let mut best_score = 0.0;
    for candidate in candidates {
        let candidate = candidate.as_ref();
        let folded = folded(candidate);
        let same_start = given.chars().next() == folded.chars().next();
        let similar = if same_start { SIMILAR } else { SIMILAR_BUT_FOR_THE_FIRST };
        let score = strsim::jaro_winkler(&given, &folded);
        if score > similar && score > best_score {
            (best, best_score) = (Some(candidate), score);
        }
    }
    best
}

/// Case and the kind of separator are the commonest mistakes: they do not count as difference.
fn folded(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::likely;

    #[test]
    fn likely_names_what_was_meant_and_nothing_else() {
        let environments = ["dev", "local", "prod"];
        let keys = ["batch_size", "window_seconds", "max_attempts", "memory_mb"];
        for (given, candidates, expected) in [
            ("porduction", &environments[..], Some("prod")),
            ("Prod", &environments, Some("prod")),
            ("lcoal", &environments, Some("local")),
            ("staging", &environments, None),
            ("", &environments, None),
            ("batchsize", &keys, Some("batch_size")),
            ("batch-size", &keys, Some("batch_size")),
            ("window", &keys, Some("window_seconds")),
            ("ax_attempts", &keys, Some("max_attempts")),
            ("retries", &keys, None),
            ("name", &["consumer"], None),
            ("anything", &[], None),
        ] {
            assert_eq!(likely(given, candidates), expected, "{given:?}");
        }
    }
}
