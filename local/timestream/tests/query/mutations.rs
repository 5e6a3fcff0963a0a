//! Statements with tokens left out, doubled, exchanged and replaced: each is answered, or refused in words of this
//! dialect, nearly always with a place, and none breaks anything.

use local_timestream::wire::ErrorCode;

use crate::fixture::Fixture;

/// Statements of every kind that there is; tokens are taken from all of them.
const SEEDS: &[&str] = &[
    "SELECT device_id, location, MAX_BY(temperature, time) AS latest FROM iot_sensor_data.sensor_readings WHERE time > ago(1h) GROUP BY device_id, location ORDER BY device_id",
    "SELECT device_id, BIN(time, 15m) AS interval, AVG(temperature) AS t FROM iot_sensor_data.sensor_readings WHERE time BETWEEN '2026-03-01' AND now() GROUP BY device_id, BIN(time, 15m) HAVING count(*) > 1 ORDER BY 1, interval DESC LIMIT 10",
    "WITH s AS (SELECT device_id, STDDEV(temperature) AS d FROM iot_sensor_data.sensor_readings GROUP BY device_id) SELECT r.device_id, r.temperature / s.d AS z FROM iot_sensor_data.sensor_readings r JOIN s ON r.device_id = s.device_id WHERE ABS(r.temperature) > 2 * s.d ORDER BY z DESC",
    "SELECT temperature - lag(temperature, 1) OVER (PARTITION BY device_id ORDER BY time) AS step, sum(humidity) OVER (ORDER BY time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM iot_sensor_data.sensor_readings",
    "SELECT time, value FROM (SELECT interpolate_linear(create_time_series(time, temperature), sequence(min(time), max(time), 15m)) AS s FROM iot_sensor_data.sensor_readings WHERE device_id = 'dev-1') CROSS JOIN UNNEST(s) AS u (time, value) WHERE value IS NOT NULL",
    "SELECT measure_value::double, CASE WHEN measure_name LIKE 'te%' ESCAPE '#' THEN 1 ELSE 2.5 END FROM \"smart-home\".\"Devices\" WHERE DeviceID IN ('A1', NULL) OR NOT measure_value::boolean",
    "SELECT count(DISTINCT device_id), approx_percentile(temperature, 0.9), array_agg(location) FILTER (WHERE humidity > nan()) FROM iot_sensor_data.sensor_readings a CROSS JOIN (SELECT 1 AS n UNION ALL SELECT NULL EXCEPT SELECT 3) b",
    "SELECT cast('12' AS integer) % 7, try_cast('x' AS double), DATE '2022-05-21' + 2day, TIME '01:00', extract(hour FROM now()), substring('hello' FROM 2 FOR 3), trim('  a '), regexp_replace('a1', '([a-z])(\\d)', '$2$1'), ARRAY[1, 2.0][1]",
    "SELECT a.device_id FROM iot_sensor_data.sensor_readings a LEFT JOIN iot_sensor_data.sensor_readings b USING (device_id) WHERE a.device_id NOT IN (SELECT device_id FROM iot_sensor_data.sensor_readings WHERE temperature > 40) AND EXISTS (SELECT 1 FROM \"smart-home\".empty) ORDER BY a.time NULLS FIRST",
    "SELECT x.l, max(x.n) FROM (SELECT upper(location) AS l, dense_rank() OVER (ORDER BY time DESC) AS n FROM iot_sensor_data.sensor_readings) AS x (l, n) GROUP BY 1 INTERSECT SELECT 'HALL', 8",
    "SHOW MEASURES FROM iot_sensor_data.sensor_readings LIKE '%m%'",
    "SHOW TABLES FROM \"smart-home\" LIKE 'e%'",
    "DESCRIBE \"smart-home\".\"Devices\"",
];

/// Words of the engine and of what lies beneath it.
const FOREIGN: &[&str] = &[
    "arrow",
    "datafusion",
    "physical",
    "logical",
    "utf8",
    "int32",
    "int64",
    "float64",
    "schema",
    "internal",
    "not implemented",
    "coerce",
    "signature",
    "udf",
    "optimizer",
    "planner",
    "nanosecond, none",
    "\0",
    "$cast",
    "$not",
    "rust",
    "panick",
    "panicked",
    "overflowed",
    "bug",
];

/// Numbers without a pattern that anybody would notice: the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or_default()
    }
}

/// Words, numbers, texts and signs, each with the space before it.
fn tokens(statement: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut quote = None;
    for character in statement.chars() {
        let joins = match (quote, tokens.last().and_then(|token| token.chars().last())) {
            (Some(_), _) => true,
            (None, Some(last)) => {
                let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                last == ' ' || (word(last) && word(character)) || (last == ':' && character == ':')
            }
            (None, None) => false,
        };
        match (joins, tokens.last_mut()) {
            (true, Some(token)) => token.push(character),
            _ => tokens.push(character.to_string()),
        }
        quote = match quote {
            Some(open) if open == character => None,
            None if matches!(character, '\'' | '"') => Some(character),
            other => other,
        };
    }
    tokens
}

fn mutated(numbers: &mut Numbers, seeds: &[Vec<String>]) -> String {
    let mut statement = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(statement.len());
        let donor = &seeds[numbers.below(seeds.len())];
        let start = numbers.below(donor.len());
        match numbers.below(6) {
            0 if statement.len() > 1 => drop(statement.remove(at)),
            1 => statement.insert(at, statement[at].clone()),
            2 => {
                let other = numbers.below(statement.len());
                statement.swap(at, other);
            }
            3 => statement[at].clone_from(&donor[start]),
            4 => {
                let end = (start + 1 + numbers.below(8)).min(donor.len());
                statement.splice(at..at, donor[start..end].iter().cloned());
            }
            _ => {
                let end = (at + 1 + numbers.below(6)).min(statement.len());
                statement.drain(at..end);
            }
        }
        if statement.is_empty() {
            statement.push("SELECT".to_owned());
        }
    }
    statement.concat()
}

/// `MUTATIONS` says how many statements are tried, and `MUTATIONS_SEED` where the numbers begin.
#[tokio::test]
async fn mutated_statements_are_refused_in_words_of_the_dialect() {
    let setting = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let seeds: Vec<Vec<String>> = SEEDS.iter().map(|seed| tokens(seed)).collect();
    let fixture = Fixture::new().await;
    for seed in SEEDS {
        if let Err(error) = fixture.query(seed).await {
            fixture.compare(seed, &error.message.as_str(), &"an answer");
        }
    }
    let mut numbers = Numbers(setting("MUTATIONS_SEED", 20_260_301));
    let (mut answered, mut unplaced, mut vague) = (0_u64, 0_u64, 0_u64);
    let tried = setting("MUTATIONS", 1_500);
    for _ in 0..tried {
        let statement = mutated(&mut numbers, &seeds);
        let Err(error) = fixture.query(&statement).await else {
            answered += 1;
            continue;
        };
        unplaced += u64::from(!error.message.contains("line "));
        vague += u64::from(error.message.contains("This combination of clauses"));
        // What the statement itself has is not foreign.
        let message = error.message.to_lowercase();
        let own = statement.to_lowercase();
        let foreign: Vec<_> =
            FOREIGN.iter().filter(|word| message.contains(**word) && !own.contains(**word)).collect();
        if error.code != ErrorCode::Validation || !foreign.is_empty() {
            fixture.compare(&statement, &error.to_string(), &"words of the dialect".to_owned());
        }
    }
    let outcome = format!(
        "{tried} statements: {answered} answered, {unplaced} refused without a place, {vague} without a name"
    );
    // As docs/local-timestream.md has it.
    assert!(unplaced <= tried.div_ceil(100) && vague <= tried.div_ceil(250), "{outcome}");
    fixture.finish();
}
