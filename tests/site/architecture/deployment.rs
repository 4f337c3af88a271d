//! What the template says of a deployment, beside routes, policies and the table.

use std::collections::BTreeSet;

use local::template::Template;
use tests::{Value, json};

use super::{at, read};

fn template() -> Value {
    serde_saphyr::from_str(&read(&at("template.yaml"))).unwrap()
}

/// The members of an object.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The resources of a type.
fn resources<'t>(template: &'t Value, kind: &str) -> Vec<(&'t str, &'t Value)> {
    let resources = members(&template["Resources"]).filter(|(_, resource)| resource["Type"] == kind);
    resources.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect()
}

#[test]
fn every_parameter_and_output_is_described_and_only_the_issuer_is_asked_for() {
    let template = template();
    for (name, one) in members(&template["Parameters"]).chain(members(&template["Outputs"])) {
        assert!(one["Description"].as_str().is_some_and(|text| text.len() > 20), "{name}");
    }
    let asked = members(&template["Parameters"]).filter(|(_, parameter)| parameter["Default"].is_null());
    assert_eq!(asked.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Issuer"]);
}

#[test]
fn the_secret_key_is_made_by_cloudformation_and_goes_nowhere_but_into_the_functions() {
    let template = template();
    let [(_, secret)] = resources(&template, "AWS::SecretsManager::Secret")[..] else { panic!("one secret") };
    assert!(secret["GenerateSecretString"]["PasswordLength"].as_u64().is_some_and(|length| length >= 32));
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(variables["SECRET_KEY"], "{{resolve:secretsmanager:${Secret}}}");
    assert!(!template["Outputs"].to_string().contains("resolve:"));
    // No function may read it: there is no right to, and no client for it in the workspace.
    assert!(!read(&at("template.yaml")).contains("secretsmanager:Get"));
    assert!(!read(&at("Cargo.lock")).contains("aws-sdk-secretsmanager"));
}

#[test]
fn settings_of_providers_come_from_a_secret_of_the_operators_and_go_to_who_needs_them_alone() {
    let template = template();
    assert_eq!(template["Parameters"]["ProvidersSecret"]["Default"], "");
    assert!(template["Globals"]["Function"]["Environment"]["Variables"]["PROVIDERS"].is_null());
    let mut told = Vec::new();
    for (name, function) in resources(&template, "AWS::Serverless::Function") {
        let settings = &function["Environment"]["Variables"]["PROVIDERS"];
        if !settings.is_null() {
            assert_eq!(
                *settings,
                json!(["HasProviders", "{{resolve:secretsmanager:${ProvidersSecret}}}", ""]),
                "{name}"
            );
            told.push(function["CodeUri"].as_str().unwrap());
        }
    }
    // The login page shows them.
    assert!(told.contains(&"functions/login"));
    let book = read(&at("docs/operate.md"));
    assert!(book.contains("ProvidersSecret") && book.contains("providers.md"));
}

#[test]
fn functions_that_hash_have_a_whole_cpu_and_nothing_of_the_api_is_told_to_any() {
    let template = template();
    for (name, function) in resources(&template, "AWS::Serverless::Function") {
        let folder = function["CodeUri"].as_str().unwrap();
        let source: String =
            super::files(&format!("{folder}/src"), ".rs").iter().map(|file| super::code(file)).collect();
        let hashes = ["hashers", "sign_in::", "check_secret", "client_auth"].iter().any(|word| source.contains(word));
        let whole = function["MemorySize"] == 1769;
        assert!(whole || !hashes, "{name} hashes passwords or secrets on a share of a CPU");
        // CloudFormation can't make an API that needs functions that need the API.
        let told = function["Environment"].to_string() + &template["Globals"]["Function"].to_string();
        assert!(!told.contains("Api"), "{name}");
    }
    let globals = &template["Globals"]["Function"];
    assert_eq!(globals["Tracing"], "Active");
    assert_eq!(globals["LoggingConfig"]["LogGroup"], "Logs");
    assert_eq!(resources(&template, "AWS::Logs::LogGroup")[0].1["RetentionInDays"], "LogRetention");
}

#[test]
fn v46_no_function_is_told_that_it_may_call_private_addresses() {
    let text = read(&at("template.yaml"));
    assert!(!text.contains("ALLOW_PRIVATE_FETCH") && !text.contains("FETCH_CA"));
}

#[test]
fn the_table_can_be_restored_and_is_not_lost_with_the_stack() {
    let template = template();
    let table = &template["Resources"]["Table"];
    assert_eq!(table["Properties"]["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(table["Properties"]["DeletionProtectionEnabled"], true);
    assert_eq!(table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["Properties"]["TimeToLiveSpecification"]["AttributeName"], "ttl");
    for kept in ["Table", "Secret"] {
        let kept = &template["Resources"][kept];
        assert_eq!((&kept["DeletionPolicy"], &kept["UpdateReplacePolicy"]), (&"Retain".into(), &"Retain".into()));
    }
}

#[test]
fn what_can_be_used_to_guess_is_throttled_before_it_costs_anything() {
    let template = template();
    let [(_, api)] = resources(&template, "AWS::Serverless::HttpApi")[..] else { panic!("one API") };
    let rate = |settings: &Value| settings["ThrottlingRateLimit"].as_u64().unwrap();
    let routes: BTreeSet<_> =
        Template::embedded().unwrap().routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    for (route, settings) in members(&api["RouteSettings"]) {
        assert!(routes.contains(route), "{route} is no route: API Gateway refuses settings for it");
        assert!(rate(settings) < rate(&api["DefaultRouteSettings"]), "{route}");
    }
    for route in ["POST /login", "POST /register", "POST /oauth2/token"] {
        assert!(!api["RouteSettings"][route].is_null(), "{route}");
    }
}

#[test]
fn alarms_look_at_ten_metrics_at_the_most_and_stand_in_the_operators_book() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    assert!((5..=10).contains(&alarms.len()), "more than ten are paid for: {}", alarms.len());
    let book = read(&at("docs/operate.md"));
    let counted: Vec<_> = super::words_after(&book, "| `").into_iter().map(str::to_owned).collect();
    for (name, alarm) in alarms {
        // Metric math watches several at once, and each counts.
        assert!(alarm["Metrics"].is_null() && alarm["MetricName"].is_string(), "{name}");
        assert_eq!(alarm["AlarmActions"], alarm["OKActions"], "{name}");
        assert!(counted.iter().any(|word| word == name), "docs/operate.md does not say what {name} means");
    }
    // A schedule that fails is told of, each of them.
    for schedule in Template::embedded().unwrap().schedules {
        let name = schedule.function.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect::<String>();
        assert!(!template["Resources"][format!("{name}Failed")].is_null(), "{name}");
    }
}

#[test]
fn samconfig_knows_dev_and_prod_and_names_parameters_that_exist() {
    let (template, config) = (template(), read(&at("samconfig.toml")));
    for environment in ["[dev.deploy.parameters]", "[prod.deploy.parameters]"] {
        assert!(config.contains(environment), "{environment}");
    }
    let overrides = config.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once('='));
    let names: Vec<_> = overrides.map(|(name, _)| name).collect();
    assert!(names.contains(&"Issuer"));
    for name in names {
        assert!(!template["Parameters"][name].is_null(), "{name}");
    }
}
