//! The functions that the guide lists, section by section, and which of them are here.
//!
//! A function of the guide that is not here is refused as such, and not as one that there is not.

use std::fmt::Write;

use super::{aggregates, functions, lambdas};

/// A section of the guide.
struct Section {
    title: &'static str,
    /// The page under <https://docs.aws.amazon.com/timestream/latest/developerguide/>.
    page: &'static str,
    /// Names in lower case, sorted.
    functions: &'static [&'static str],
}

const SECTIONS: [Section; 14] = [
    Section {
        title: "Time series",
        page: "timeseries-specific-constructs.functions.html",
        functions: &[
            "correlate_pearson",
            "correlate_spearman",
            "create_time_series",
            "derivative_linear",
            "filter",
            "integral_trapezoidal",
            "interpolate_fill",
            "interpolate_linear",
            "interpolate_locf",
            "interpolate_spline_cubic",
            "non_negative_derivative_linear",
            "reduce",
            "transform",
        ],
    },
    Section {
        title: "Date and time",
        page: "date-time-functions.html",
        functions: &[
            "ago",
            "bin",
            "current_date",
            "current_time",
            "current_timestamp",
            "current_timezone",
            "date",
            "date_add",
            "date_diff",
            "date_format",
            "date_parse",
            "date_trunc",
            "day",
            "day_of_month",
            "day_of_week",
            "day_of_year",
            "dow",
            "doy",
            "format_datetime",
            "from_iso8601_date",
            "from_iso8601_timestamp",
            "from_milliseconds",
            "from_nanoseconds",
            "from_unixtime",
            "hour",
            "last_day_of_month",
            "localtime",
            "localtimestamp",
            "millisecond",
            "minute",
            "month",
            "nanosecond",
            "now",
            "parse_datetime",
            "parse_duration",
            "quarter",
            "second",
            "to_iso8601",
            "to_milliseconds",
            "to_nanoseconds",
            "to_unixtime",
            "week",
            "week_of_year",
            "year",
            "year_of_week",
            "yow",
        ],
    },
    Section {
        title: "Aggregates",
        page: "aggregate-functions.html",
        functions: &[
            "approx_distinct",
            "approx_percentile",
            "arbitrary",
            "array_agg",
            "avg",
            "bitwise_and_agg",
            "bitwise_or_agg",
            "bool_and",
            "bool_or",
            "corr",
            "count",
            "count_if",
            "covar_pop",
            "covar_samp",
            "every",
            "geometric_mean",
            "histogram",
            "kurtosis",
            "map_agg",
            "map_union",
            "max",
            "max_by",
            "min",
            "min_by",
            "multimap_agg",
            "numeric_histogram",
            "regr_intercept",
            "regr_slope",
            "skewness",
            "stddev",
            "stddev_pop",
            "stddev_samp",
            "sum",
            "var_pop",
            "var_samp",
            "variance",
        ],
    },
    Section {
        title: "Windows",
        page: "window-functions.html",
        functions: &[
            "cume_dist",
            "dense_rank",
            "first_value",
            "lag",
            "last_value",
            "lead",
            "nth_value",
            "ntile",
            "percent_rank",
            "rank",
            "row_number",
        ],
    },
    Section {
        title: "Mathematics",
        page: "mathematical-functions.html",
        functions: &[
            "abs",
            "acos",
            "asin",
            "atan",
            "atan2",
            "cbrt",
            "ceil",
            "ceiling",
            "cos",
            "cosh",
            "degrees",
            "e",
            "exp",
            "floor",
            "from_base",
            "infinity",
            "is_finite",
            "is_infinite",
            "is_nan",
            "ln",
            "log10",
            "log2",
            "mod",
            "nan",
            "pi",
            "pow",
            "power",
            "radians",
            "rand",
            "random",
            "round",
            "sign",
            "sin",
            "sqrt",
            "tan",
            "tanh",
            "to_base",
            "truncate",
            "width_bucket",
        ],
    },
    Section {
        title: "Texts",
        page: "string-functions.html",
        functions: &[
            "chr",
            "codepoint",
            "concat",
            "hamming_distance",
            "length",
            "levenshtein_distance",
            "lower",
            "lpad",
            "ltrim",
            "normalize",
            "position",
            "replace",
            "reverse",
            "rpad",
            "rtrim",
            "split",
            "split_part",
            "split_to_map",
            "strpos",
            "strrpos",
            "substr",
            "substring",
            "trim",
            "upper",
        ],
    },
    Section {
        title: "Regular expressions",
        page: "regex-functions.html",
        functions: &["regexp_extract", "regexp_extract_all", "regexp_like", "regexp_replace", "regexp_split"],
    },
    Section {
        title: "Arrays",
        page: "array-functions.html",
        functions: &[
            "all_match",
            "any_match",
            "array_distinct",
            "array_except",
            "array_intersect",
            "array_join",
            "array_max",
            "array_min",
            "array_position",
            "array_remove",
            "array_sort",
            "array_union",
            "arrays_overlap",
            "cardinality",
            "combinations",
            "contains",
            "element_at",
            "flatten",
            "ngrams",
            "none_match",
            "repeat",
            "sequence",
            "shuffle",
            "slice",
            "zip",
            "zip_with",
        ],
    },
    Section {
        title: "Maps",
        page: "map-functions.html",
        functions: &[
            "map",
            "map_concat",
            "map_entries",
            "map_filter",
            "map_from_entries",
            "map_keys",
            "map_values",
            "multimap_from_entries",
            "transform_keys",
            "transform_values",
        ],
    },
    Section { title: "Comparison", page: "comparison-functions.html", functions: &["greatest", "least"] },
    Section {
        title: "Conditions",
        page: "conditional-expressions.html",
        functions: &["coalesce", "if", "nullif", "try"],
    },
    Section {
        title: "Conversion",
        page: "conversion-functions.html",
        functions: &["cast", "try_cast", "typeof"],
    },
    Section {
        title: "Bits",
        page: "bitwise-functions.html",
        functions: &[
            "bit_count",
            "bitwise_and",
            "bitwise_left_shift",
            "bitwise_logical_shift_right",
            "bitwise_not",
            "bitwise_or",
            "bitwise_right_shift",
            "bitwise_xor",
        ],
    },
    Section {
        title: "JSON",
        page: "supported-sql-constructs.html",
        functions: &["json_extract", "json_extract_scalar", "json_format", "json_parse"],
    },
];

/// What is syntax here rather than a function of a table.
const SYNTAX: [&str; 18] = [
    "ago",
    "cast",
    "coalesce",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_timezone",
    "e",
    "if",
    "infinity",
    "localtime",
    "localtimestamp",
    "nan",
    "now",
    "nullif",
    "pi",
    "position",
    "try_cast",
];

/// Whether the guide has a function of this name (in lower case).
pub fn has(name: &str) -> bool {
    SECTIONS.iter().any(|section| section.functions.contains(&name))
}

/// Whether the guide has a form of an aggregate with so many arguments that is not here.
pub fn has_form(name: &str, arguments: usize) -> bool {
    match name {
        "max" | "min" | "approx_distinct" => arguments == 2,
        "max_by" | "min_by" => arguments == 3,
        "approx_percentile" => matches!(arguments, 3 | 4),
        _ => false,
    }
}

fn is_here(name: &str) -> bool {
    SYNTAX.contains(&name)
        || functions::exists(name)
        || aggregates::exists(name)
        || aggregates::is_window(name)
        || lambdas::exists(name)
}

/// The functions of the guide that are here, and those that are not, as a table in Markdown.
pub fn table() -> String {
    let mut table = String::from("| of the guide | here | not here |\n| --- | --- | --- |\n");
    for Section { title, page, functions } in &SECTIONS {
        let named = |here: bool| {
            let names = functions.iter().filter(|name| is_here(name) == here);
            names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        let guide = "https://docs.aws.amazon.com/timestream/latest/developerguide";
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| [{title}]({guide}/{page}) | {} | {} |", named(true), named(false));
    }
    table
}
