//! `template.yaml`, read for what a laptop needs of it: the routes, the schedules and the table.
//!
//! Architecture invariant: there is no second list of routes. A path that the template doesn't name answers 404 here as
//! it does at AWS.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// The template as it was when this was compiled: the binary needs no file beside it.
const EMBEDDED: &str = include_str!("../../template.yaml");

/// What the template declares.
#[derive(Clone, Debug)]
pub struct Template {
    /// Every path and method, with the function that answers.
    pub routes: Vec<Route>,
    /// Every function that runs by the clock.
    pub schedules: Vec<Schedule>,
    /// The one table.
    pub table: TableDefinition,
}

/// A path and method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for a segment and `{name+}` for all that follow.
    pub path: String,
    /// The function's folder in `functions/`.
    pub function: String,
}

/// A function that runs again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Time between two runs.
    pub every: Duration,
    /// The function's folder in `functions/`.
    pub function: String,
}

/// The table, ready to be created anywhere.
#[derive(Clone, Debug)]
pub struct TableDefinition {
    create: Value,
    ttl: Value,
}

/// The template is not what this reader knows.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not YAML, or not a CloudFormation template.
    #[error("template.yaml does not read: {0}")]
    Yaml(String),
    /// A part of it that we read says something else than we can follow.
    #[error("template.yaml: {0}")]
    Unknown(String),
}

impl Template {
    /// The template that this binary was compiled with.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn embedded() -> Result<Self, TemplateError> {
        // Unoptimised, reading it takes longer than everything else at a site's start; and tests start hundreds.
        static READ: OnceLock<Template> = OnceLock::new();
        if let Some(template) = READ.get() {
            return Ok(template.clone());
        }
        let template = Self::parse(EMBEDDED)?;
        Ok(READ.get_or_init(|| template).clone())
    }

    /// Reads a template. Only the fields below are looked at, so CloudFormation's tags (`!Ref`, `!Sub`) elsewhere are
    /// no obstacle.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(yaml: &str) -> Result<Self, TemplateError> {
        let document: Document =
            serde_saphyr::from_str(yaml).map_err(|error| TemplateError::Yaml(error.to_string()))?;
        let (mut routes, mut schedules, mut table) = (Vec::new(), Vec::new(), None);
        for (name, Resource { kind, properties }) in document.resources {
            match kind.as_str() {
                "AWS::Serverless::Function" => {
                    let function = function_name(&name, &properties)?;
                    for (event, Event { kind, properties }) in properties.events {
                        match (kind.as_str(), properties) {
                            ("HttpApi", EventProperties { method: Some(method), path: Some(path), .. }) => {
                                // API Gateway has no such routes, and SAM leaves them out without a word.
                                if path.len() > 1 && path.ends_with('/') {
                                    return Err(TemplateError::Unknown(format!("{name}.{event} ends with a slash")));
                                }
                                routes.push(Route {
                                    method: parse_method(&event, &method)?,
                                    path,
                                    function: function.clone(),
                                });
                            }
                            ("ScheduleV2", EventProperties { schedule_expression: Some(rate), .. }) => {
                                schedules.push(Schedule { every: parse_rate(&rate)?, function: function.clone() });
                            }
                            _ => return Err(TemplateError::Unknown(format!("{name}.{event} is of no known type"))),
                        }
                    }
                }
                "AWS::DynamoDB::Table" => table = Some(TableDefinition::new(properties)),
                _ => {}
            }
        }
        let table = table.ok_or_else(|| TemplateError::Unknown("it declares no table".to_owned()))?;
        Ok(Self { routes, schedules, table })
    }
}

impl TableDefinition {
    fn new(properties: Properties) -> Self {
        // The members of CloudFormation's resource and of DynamoDB's own calls are the same by name and shape.
        let members = [
            ("AttributeDefinitions", properties.attribute_definitions),
            ("BillingMode", properties.billing_mode),
            ("GlobalSecondaryIndexes", properties.global_secondary_indexes),
            ("KeySchema", properties.key_schema),
            ("LocalSecondaryIndexes", properties.local_secondary_indexes),
        ];
        let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Self {
            create: Value::Object(present.collect()),
            ttl: properties.time_to_live_specification.unwrap_or_default(),
        }
    }

    /// The body of a `CreateTable` call.
    pub fn create_table(&self, name: &str) -> Value {
        let mut body = self.create.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert("TableName".to_owned(), json!(name));
        }
        body
    }

    /// The body of an `UpdateTimeToLive` call.
    pub fn update_time_to_live(&self, name: &str) -> Value {
        json!({ "TableName": name, "TimeToLiveSpecification": self.ttl })
    }
}

/// `functions/token` is the function `token`.
fn function_name(resource: &str, properties: &Properties) -> Result<String, TemplateError> {
    let folder = properties.code_uri.as_deref().and_then(|uri| uri.strip_prefix("functions/"));
    let folder =
        folder.ok_or_else(|| TemplateError::Unknown(format!("{resource}'s CodeUri is not functions/<name>")))?;
    Ok(folder.to_owned())
}

fn parse_method(event: &str, text: &str) -> Result<Method, TemplateError> {
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::HEAD];
    // `ANY` too is refused: every method that a function answers is to be seen in the template.
    let method = known.into_iter().find(|method| method.as_str() == text);
    method.ok_or_else(|| TemplateError::Unknown(format!("{event}'s method {text} is not one of HTTP's")))
}

/// EventBridge Scheduler's `rate(1 hour)`.
///
/// # Errors
/// [`TemplateError::Unknown`]: it is no rate.
pub fn parse_rate(text: &str) -> Result<Duration, TemplateError> {
    let parse = || {
        let (count, unit) = text.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
        let unit = match unit {
            "minute" | "minutes" => 60,
            "hour" | "hours" => 3600,
            "day" | "days" => 86_400,
            _ => return None,
        };
        let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
        Some(Duration::from_secs(count.checked_mul(unit)?))
    };
    parse().ok_or_else(|| TemplateError::Unknown(format!("the schedule {text} is no rate(…)")))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
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

/// The properties that we read, of every kind of resource together.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Properties {
    code_uri: Option<String>,
    events: BTreeMap<String, Event>,
    attribute_definitions: Option<Value>,
    billing_mode: Option<Value>,
    global_secondary_indexes: Option<Value>,
    key_schema: Option<Value>,
    local_secondary_indexes: Option<Value>,
    time_to_live_specification: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    #[serde(rename = "Type")]
    kind: String,
    properties: EventProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EventProperties {
    method: Option<String>,
    path: Option<String>,
    schedule_expression: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
Resources:
  Api: { Type: AWS::Serverless::HttpApi }
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: { Description: !Sub 'of ${AWS::StackName}' }
  Entry:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/entry
      Policies: [{ Statement: [{ Effect: Allow, Resource: !GetAtt Table.Arn }] }]
      Events:
        Get: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: '/entries/{id}' } }
        Often: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(5 minutes) } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Ref Name
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
";

    #[test]
    fn tags_of_cloudformation_do_not_stand_in_the_way() {
        let template = Template::parse(SMALL).unwrap();
        let function = "entry".to_owned();
        let route = Route { method: Method::GET, path: "/entries/{id}".to_owned(), function: function.clone() };
        assert_eq!(template.routes, [route]);
        assert_eq!(template.schedules, [Schedule { every: Duration::from_secs(300), function }]);
    }

    #[test]
    fn the_table_becomes_dynamodbs_own_calls() {
        let table = Template::parse(SMALL).unwrap().table;
        let key = json!([{ "AttributeName": "PK", "KeyType": "HASH" }]);
        assert_eq!(table.create_table("t"), json!({ "TableName": "t", "KeySchema": key }));
        let ttl = json!({ "AttributeName": "ttl", "Enabled": true });
        assert_eq!(table.update_time_to_live("t"), json!({ "TableName": "t", "TimeToLiveSpecification": ttl }));
    }

    #[test]
    fn what_it_can_not_follow_it_refuses_instead_of_leaving_it_out() {
        for (from, to) in [
            ("Method: GET", "Method: ANY"),
            ("'/entries/{id}'", "/entries/"),
            ("rate(5 minutes)", "cron(0 * * * ? *)"),
            ("Type: ScheduleV2", "Type: SQS"),
            ("functions/entry", "entry"),
            ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"),
        ] {
            assert!(Template::parse(&SMALL.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn our_own_template_has_every_index_that_the_design_names() {
        let create = Template::embedded().unwrap().table.create_table("bangumoe");
        let names = |member: &str| -> Vec<String> {
            let indexes = create[member].as_array().unwrap().iter();
            indexes.map(|index| index["IndexName"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("GlobalSecondaryIndexes"), ["GSI1"]);
        assert_eq!(names("LocalSecondaryIndexes"), ["LSI1", "LSI2", "LSI3"]);
    }
}
