//! How a filter compares.

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=` and `<>`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// What a filter may say.
    pub const EXPECTED: &'static str = "one of =, !=, <>, <, <=, > and >=";

    /// The operator that a filter names.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Self::Equal,
            "!=" | "<>" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Whether it asks for an order, which truth values do not have.
    pub const fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    /// As it is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_those_of_the_enum() {
        for text in ["", " =", "LIKE", "= 1 OR 1 =", "=; --", "IN"] {
            assert_eq!(Operator::parse(text), None, "{text}");
        }
        for (text, sql) in [("=", "="), ("!=", "<>"), ("<>", "<>"), ("<", "<"), (">=", ">=")] {
            assert_eq!(Operator::parse(text).map(Operator::symbol), Some(sql));
        }
    }
}
