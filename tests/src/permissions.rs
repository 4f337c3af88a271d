//! What the template lets each function do to the table, judged as IAM judges it.
//!
//! The [`Proxy`](crate::Proxy) refuses what a function's policy does not allow, as the table at AWS would: whatever the
//! suite does through the gateway, it does with the rights that are deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// One action on one partition: what a policy is asked for.
#[derive(Clone, Debug)]
pub struct Need {
    /// `dynamodb:GetItem`, …
    pub action: String,
    /// `Table.Arn`, or `${Table.Arn}/index/GSI1`.
    pub resource: String,
    /// The partition's key: IAM's `dynamodb:LeadingKeys`.
    pub partition: String,
}

/// A right, as small as policies have them: a function may do an action on partitions like a pattern in a resource.
pub type Grant = [String; 4];

/// What the policies of all functions grant.
pub struct Policies {
    grants: BTreeSet<Grant>,
    /// Who may send letters.
    mailers: BTreeSet<String>,
}

impl Policies {
    /// The template's.
    pub fn deployed() -> &'static Self {
        static POLICIES: OnceLock<Policies> = OnceLock::new();
        POLICIES.get_or_init(|| Self::parse(include_str!("../../template.yaml")))
    }

    /// Reads a template.
    pub fn parse(yaml: &str) -> Self {
        let template: Template = serde_saphyr::from_str(yaml).unwrap();
        let (mut grants, mut mailers) = (BTreeSet::new(), BTreeSet::new());
        for resource in template.resources.into_values().filter(|resource| resource.kind == "AWS::Serverless::Function")
        {
            let function = resource.properties.code_uri.trim_start_matches("functions/");
            for statement in resource.properties.policies.iter().flat_map(|policy| &policy.statement) {
                match statement.is_mail() {
                    true => drop(mailers.insert(function.to_owned())),
                    false => grants.extend(statement.grants(function)),
                }
            }
        }
        Self { grants, mailers }
    }

    /// Why `function` may not make a call, if it may not.
    pub fn refusal(&self, function: &str, operation: &str, request: &Value) -> Option<String> {
        let refused = needs(operation, request).into_iter().find(|need| self.grant_of(function, need).is_none())?;
        Some(format!("{function} may not {} on {} of {}", refused.action, refused.partition, refused.resource))
    }

    /// The right by which `function` may do what it needs to, if it may.
    pub fn grant_of(&self, function: &str, need: &Need) -> Option<&Grant> {
        self.grants.iter().find(|[of, action, pattern, resource]| {
            of == function && *action == need.action && *resource == need.resource && matches(pattern, &need.partition)
        })
    }

    /// The functions that may send letters.
    pub fn mailers(&self) -> &BTreeSet<String> {
        &self.mailers
    }

    /// Everything that is granted on the table.
    pub fn all(&self) -> &BTreeSet<Grant> {
        &self.grants
    }
}

/// IAM's `StringLike`, with the one wildcard that our patterns have: at their end.
fn matches(pattern: &str, partition: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => partition.starts_with(prefix),
        None => pattern == partition,
    }
}

/// What IAM wants for a call. A transaction wants what its parts do; it has no action of its own.
pub fn needs(operation: &str, request: &Value) -> Vec<Need> {
    let partition = |key: &Value| key["PK"]["S"].as_str().unwrap_or_default().to_owned();
    let of_table = |action: &str, partition: String| Need {
        action: format!("dynamodb:{action}"),
        resource: "Table.Arn".to_owned(),
        partition,
    };
    let entries = |member: &str| -> Vec<Value> {
        let tables = request[member].as_object().into_iter().flat_map(|tables| tables.values());
        tables.cloned().collect()
    };
    match operation {
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![of_table(operation, partition(&request["Key"]))],
        "PutItem" => vec![of_table(operation, partition(&request["Item"]))],
        "BatchGetItem" => {
            let keys = entries("RequestItems").into_iter().flat_map(|table| table["Keys"].as_array().cloned());
            keys.flatten().map(|key| of_table(operation, partition(&key))).collect()
        }
        "BatchWriteItem" => {
            let writes = entries("RequestItems").into_iter().flat_map(|table| table.as_array().cloned()).flatten();
            writes.map(|write| of_table(operation, partition(&write["DeleteRequest"]["Key"]))).collect()
        }
        "Query" => {
            let value = request["ExpressionAttributeValues"][":pk"]["S"].as_str().unwrap_or_default().to_owned();
            let mut need = of_table(operation, value);
            if let Some(index) = request["IndexName"].as_str() {
                need.resource = format!("${{Table.Arn}}/index/{index}");
            }
            vec![need]
        }
        "TransactWriteItems" => {
            let mut needs = Vec::new();
            for action in request["TransactItems"].as_array().into_iter().flatten() {
                let kinds = [
                    ("Put", "PutItem", "Item"),
                    ("Update", "UpdateItem", "Key"),
                    ("Delete", "DeleteItem", "Key"),
                    ("ConditionCheck", "ConditionCheckItem", "Key"),
                ];
                let kinds = kinds.into_iter().filter(|(kind, ..)| !action[kind].is_null());
                needs.extend(kinds.map(|(kind, name, key)| of_table(name, partition(&action[kind][key]))));
            }
            needs
        }
        other => panic!("the store makes no such call: {other}"),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Properties {
    code_uri: String,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: String,
    action: Vec<String>,
    resource: Vec<String>,
    condition: Condition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(default, rename = "ForAllValues:StringLike")]
    leading_keys: Option<LeadingKeys>,
    #[serde(default, rename = "StringEquals")]
    equals: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct LeadingKeys {
    #[serde(rename = "dynamodb:LeadingKeys")]
    patterns: Vec<String>,
}

impl Statement {
    /// Whether it is the one about letters, which has one form as well: from the one sender, and no other action.
    fn is_mail(&self) -> bool {
        let is_mail = self.action.iter().any(|action| action.starts_with("ses:"));
        if is_mail {
            assert_eq!((self.effect.as_str(), &self.action[..]), ("Allow", &["ses:SendEmail".to_owned()][..]));
            let sender = [("ses:FromAddress".to_owned(), "MailFrom".to_owned())];
            assert_eq!(self.condition.equals, BTreeMap::from(sender), "in anybody's name");
        }
        is_mail
    }

    /// Every other statement is of this one form, which is the narrowest that DynamoDB knows: another is a mistake.
    fn grants(&self, function: &str) -> Vec<Grant> {
        assert_eq!(self.effect, "Allow");
        let patterns = &self.condition.leading_keys.as_ref().unwrap().patterns;
        assert!(!patterns.is_empty() && patterns.iter().all(|pattern| pattern.len() > 3), "too wide: {patterns:?}");
        let mut grants = Vec::new();
        for (action, pattern) in self.action.iter().flat_map(|action| patterns.iter().map(move |p| (action, p))) {
            grants.extend(self.resource.iter().map(|on| [function, action, pattern, on].map(str::to_owned)));
        }
        grants
    }
}
