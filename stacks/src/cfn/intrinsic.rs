//! Logical ids and the intrinsic functions that refer to them.
//!
//! An [`Expression`] is made from an id or from text of this source code, so that a value from a
//! configuration file is never read as a reference: `Fn::Sub` takes constant text only.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Name of a parameter, resource or output inside a template: letters and digits only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LogicalId(Cow<'static, str>);

impl LogicalId {
    /// An id that is written in the source. In a constant, a wrong one does not compile.
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "a logical id has a name");
        let mut index = 0;
        while index < bytes.len() {
            assert!(bytes[index].is_ascii_alphanumeric(), "a logical id has letters and digits only");
            index += 1;
        }
        Self(Cow::Borrowed(name))
    }

    /// The id of a name in kebab case: `kinesis-consumer` becomes `KinesisConsumer`. What is neither
    /// a letter nor a digit is left out.
    pub fn from_kebab(name: &str) -> Self {
        let pascal = name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        });
        Self(Cow::Owned(pascal.collect()))
    }

    /// The id of something that belongs to this one: `KinesisConsumer` and `Role` make
    /// `KinesisConsumerRole`.
    #[must_use]
    pub fn with(&self, part: &'static str) -> Self {
        Self(Cow::Owned(format!("{}{part}", self.0)))
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `{"Ref": id}`: the value of a parameter, or what the resource's page calls its `Ref`.
    pub fn reference(&self) -> Expression {
        Expression::Ref(self.0.clone())
    }

    /// `{"Fn::GetAtt": [id, attribute]}`.
    pub fn attribute(&self, attribute: &'static str) -> Expression {
        Expression::GetAtt(self.clone(), attribute)
    }

    /// The attribute `Arn`.
    pub fn arn(&self) -> Arn {
        self.arn_of("Arn")
    }

    /// An attribute that is an ARN.
    pub fn arn_of(&self, attribute: &'static str) -> Arn {
        Arn(self.attribute(attribute))
    }
}

impl fmt::Display for LogicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value that `CloudFormation` computes, or plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// The text itself.
    Text(String),
    /// [`Ref`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html).
    Ref(Cow<'static, str>),
    /// [`Fn::GetAtt`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getatt.html).
    GetAtt(LogicalId, &'static str),
    /// Constant text in the notation of
    /// [`Fn::Sub`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html).
    Sub(&'static str),
    /// One text out of several expressions, written as `Fn::Sub`, in which plain text stays plain:
    /// a `${` of it is escaped.
    Joined(Vec<Expression>),
}

impl Expression {
    /// The account that the stack is created in.
    pub const ACCOUNT: Self = Self::Ref(Cow::Borrowed("AWS::AccountId"));
    /// The Region that the stack is created in.
    pub const REGION: Self = Self::Ref(Cow::Borrowed("AWS::Region"));
}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Expression {
    /// One text out of several expressions.
    pub fn joined<const N: usize>(parts: [Expression; N]) -> Self {
        Self::Joined(parts.into())
    }

    /// Writes the expression as a part of an `Fn::Sub`.
    fn write_sub(&self, text: &mut String) {
        match self {
            Self::Text(plain) => text.push_str(&plain.replace("${", "${!")),
            Self::Ref(name) => text.extend(["${", name, "}"]),
            Self::GetAtt(id, attribute) => text.extend(["${", id.as_str(), ".", attribute, "}"]),
            Self::Sub(sub) => text.push_str(sub),
            Self::Joined(parts) => parts.iter().for_each(|part| part.write_sub(text)),
        }
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Text(text) = self {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Ref(name) => map.serialize_entry("Ref", name)?,
            Self::GetAtt(id, attribute) => map.serialize_entry("Fn::GetAtt", &(id, attribute))?,
            Self::Text(_) | Self::Sub(_) | Self::Joined(_) => {
                let mut text = String::new();
                self.write_sub(&mut text);
                map.serialize_entry("Fn::Sub", &text)?;
            }
        }
        map.end()
    }
}

/// The name of something that an IAM statement allows: never `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Arn(Expression);

impl Arn {
    /// An ARN written out with `Fn::Sub`, for instance
    /// `arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:name`.
    pub const fn sub(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        assert!(
            bytes.len() > 4 && bytes[0] == b'a' && bytes[1] == b'r' && bytes[2] == b'n' && bytes[3] == b':',
            "an ARN begins with arn:"
        );
        Self(Expression::Sub(text))
    }

    /// An ARN that somebody wrote, in the partition of the stack.
    pub fn written(arn: &str) -> Self {
        const PARTITION: Arn = Arn::sub("arn:${AWS::Partition}:");
        // Behind `arn` and a partition.
        PARTITION.within(arn.splitn(3, ':').last().unwrap_or_default())
    }

    /// The ARN that a parameter carries.
    pub fn parameter(id: &LogicalId) -> Self {
        Self(id.reference())
    }

    /// What lies inside, for instance `/quarantine/*` of a bucket.
    #[must_use]
    pub fn within(&self, path: impl Into<Expression>) -> Self {
        Self(Expression::joined([self.0.clone(), path.into()]))
    }
}

impl From<Arn> for Expression {
    fn from(arn: Arn) -> Self {
        arn.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_read_like_the_pages_of_cloudformation() {
        const BUCKET: LogicalId = LogicalId::new("Bucket");
        let cases = [
            (Expression::from("a ${b}"), json!("a ${b}")),
            (BUCKET.reference(), json!({"Ref": "Bucket"})),
            (Expression::ACCOUNT, json!({"Ref": "AWS::AccountId"})),
            (BUCKET.attribute("Arn"), json!({"Fn::GetAtt": ["Bucket", "Arn"]})),
            (Arn::sub("arn:${AWS::Partition}:iot").into(), json!({"Fn::Sub": "arn:${AWS::Partition}:iot"})),
            (BUCKET.arn().within("/a").within("/*").into(), json!({"Fn::Sub": "${Bucket.Arn}/a/*"})),
            (
                Expression::joined(["s3://".into(), BUCKET.reference(), "/${hour}/$".into()]),
                json!({"Fn::Sub": "s3://${Bucket}/${!hour}/$"}),
            ),
        ];
        for (expression, expected) in cases {
            assert_eq!(serde_json::to_value(&expression).expect("JSON"), expected);
        }
    }

    #[test]
    fn ids_follow_from_names() {
        let cases = [
            ("kinesis-consumer", "KinesisConsumer"),
            ("StreamArn", "StreamArn"),
            ("a_b.c", "ABC"),
            ("-", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(LogicalId::from_kebab(name).as_str(), expected);
        }
    }
}
