//! `template.yaml` fits the functions: its alarms, permissions, variables and routes are those that the functions use.

pub mod document;
mod metrics;

use crate::support::{Kind, Request, Setup, logs, users};
use document::{STACK, resources, template, text, texts};
use metrics::{Metric, of_alarm, of_filters, of_widgets, widgets};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TOKEN: &str = "BD2F35A7621";

/// The function of a kind in the template.
trait InTemplate {
    /// The logical id of the function, without the suffix "Function".
    fn logical_id(self) -> &'static str;
    fn properties(self, template: &Value) -> &Value;
    fn variables(self, template: &Value) -> BTreeMap<&str, &Value>;
}

impl InTemplate for Kind {
    fn logical_id(self) -> &'static str {
        match self {
            Self::SdkExchange => "SdkExchange",
            Self::MessagingToken => "MessagingToken",
            Self::SsoRedirect => "SsoRedirect",
        }
    }

    fn properties(self, template: &Value) -> &Value {
        let function = &template["Resources"][format!("{}Function", self.logical_id())];
        assert_eq!(function["Type"], "AWS::Serverless::Function");
        &function["Properties"]
    }

    fn variables(self, template: &Value) -> BTreeMap<&str, &Value> {
        let variables = self.properties(template)["Environment"]["Variables"].as_object().unwrap();
        variables.iter().map(|(name, value)| (name.as_str(), value)).collect()
    }
}

/// The namespace of a function's metrics, which the function does not emit without monitoring.
fn metrics_namespace(kind: Kind, template: &Value) -> String {
    let choice = &kind.variables(template)["METRICS_NAMESPACE"]["Fn::If"];
    assert_eq!((&choice[0], &choice[2]), (&"IsMonitored".into(), &"none".into()));
    text(&choice[1])
}

fn file(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn alarms_and_dashboard_use_existing_metrics() {
    let template = template();
    let namespaces: BTreeSet<_> = Kind::ALL.iter().map(|kind| metrics_namespace(*kind, &template)).collect();
    let [namespace] = Vec::from_iter(namespaces).try_into().expect("one namespace");
    assert!(namespace.contains(STACK), "two stacks in one account would share {namespace}");
    let existing = &metrics::emitted(&namespace) | &of_filters(&template);
    let existing = &existing | &metrics::without_cause(&existing);

    let (shown, searches) = of_widgets(&widgets(&template));
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let watched = alarms.iter().flat_map(|(_, alarm)| of_alarm(alarm));
    let ours: BTreeSet<_> = watched.chain(shown).filter(|metric| !metric.namespace.starts_with("AWS/")).collect();
    assert!(ours.len() > 20, "{ours:?}");
    let unknown: Vec<_> = ours.difference(&existing).collect();
    assert!(unknown.is_empty(), "these metrics do not exist: {unknown:#?}");
    for search in searches {
        assert!(search.finds(&existing), "no metric matches {search:?}");
    }
}

#[test]
fn aws_metrics_are_those_of_this_stack() {
    let template = template();
    let known: BTreeSet<_> = [
        ("AWS/ApiGateway", "5xx", "ApiId", "AWS::Serverless::HttpApi"),
        ("AWS/ApiGateway", "Latency", "ApiId", "AWS::Serverless::HttpApi"),
        ("AWS/DynamoDB", "ReadThrottleEvents", "TableName", "AWS::DynamoDB::Table"),
        ("AWS/DynamoDB", "WriteThrottleEvents", "TableName", "AWS::DynamoDB::Table"),
        ("AWS/Lambda", "Errors", "FunctionName", "AWS::Serverless::Function"),
        ("AWS/Lambda", "Throttles", "FunctionName", "AWS::Serverless::Function"),
    ]
    .into_iter()
    .flat_map(|(namespace, name, dimension, kind)| {
        resources(&template, kind).into_iter().map(move |(id, _)| Metric {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: [(dimension.to_owned(), format!("${{{id}}}"))].into(),
        })
    })
    .collect();

    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let watched: BTreeSet<_> = alarms.iter().flat_map(|(_, alarm)| of_alarm(alarm)).collect();
    let shown: BTreeSet<_> = of_widgets(&widgets(&template)).0.into_iter().collect();
    for looked_at in [watched, shown] {
        let of_aws: BTreeSet<_> = looked_at.into_iter().filter(|it| it.namespace.starts_with("AWS/")).collect();
        assert_eq!(of_aws, known);
    }
}

/// The ids of metrics in a formula.
fn ids_in(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn the_formula_of_an_alarm_uses_exactly_its_metrics() {
    let template = template();
    for (id, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let queries = alarm["Properties"]["Metrics"].as_array().into_iter().flatten();
        let (mut inner, mut used) = (BTreeSet::new(), BTreeSet::new());
        for query in queries {
            used.extend(query["Expression"].as_str().into_iter().flat_map(ids_in));
            if query["ReturnData"] == "false" {
                inner.insert(query["Id"].as_str().unwrap());
            }
        }
        assert_eq!(used, inner, "{id}");
        assert!(of_alarm(alarm).len() <= 10, "{id}: CloudWatch allows ten metrics in a formula");
    }
}

#[test]
fn malformed_items_raise_their_own_alarm_and_roll_no_deployment_back() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let of_malformed_items: Vec<_> = alarms
        .iter()
        .filter(|(_, alarm)| {
            of_alarm(alarm).iter().any(|it| it.dimensions.values().any(|value| value == "item_malformed"))
        })
        .map(|(id, _)| id.to_string())
        .collect();
    assert_eq!(of_malformed_items, ["MalformedItemsAlarm"]);
    let rollback = template["Globals"]["Function"]["DeploymentPreference"]["Alarms"].to_string();
    assert!(rollback.contains("FunctionErrorsAlarm") && !rollback.contains("MalformedItemsAlarm"), "{rollback}");
}

#[test]
fn what_costs_a_fixed_price_depends_on_the_parameter_monitoring() {
    let template = template();
    assert_eq!(template["Parameters"]["Monitoring"]["AllowedValues"], json!(["full", "alarms", "none"]));
    let equals = |value: &str| json!({ "Fn::Equals": [{ "Ref": "Monitoring" }, value] });
    assert_eq!(template["Conditions"]["HasDashboard"], equals("full"));
    assert_eq!(template["Conditions"]["IsMonitored"], json!({ "Fn::Not": [equals("none")] }));
    for (kind, condition) in [
        ("AWS::CloudWatch::Alarm", "IsMonitored"),
        ("AWS::Logs::MetricFilter", "IsMonitored"),
        ("AWS::CloudWatch::Dashboard", "HasDashboard"),
    ] {
        for (id, resource) in resources(&template, kind) {
            assert_eq!(resource["Condition"], condition, "{id}");
        }
    }
}

/// The policy of a backend in the same account.
#[test]
fn a_writer_of_user_tokens_can_write_items_and_find_those_of_a_user() {
    let template = template();
    let policy = &template["Resources"]["UserTokensWriterPolicy"]["Properties"]["PolicyDocument"];
    let table = "${UserTokensTable.Arn}".to_owned();
    let writes = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"].map(str::to_owned).to_vec();
    let finds = (vec!["dynamodb:Query".to_owned()], vec![format!("{table}/index/by_external_id")]);
    assert_eq!(statements(policy), [(writes.clone(), vec![table]), finds]);
    assert_eq!(text(&template["Outputs"]["UserTokensWriterPolicyArn"]["Value"]), "${UserTokensWriterPolicy}");

    // The policy of the table allows the same to a backend in another account.
    let of_table = &template["Resources"]["UserTokensTable"]["Properties"]["ResourcePolicy"]["Fn::If"];
    assert_eq!(of_table[0], "HasWriterPrincipal");
    let [statement] = of_table[1]["PolicyDocument"]["Statement"].as_array().unwrap().as_slice() else {
        panic!("{of_table}")
    };
    assert_eq!(statement["Principal"], json!({ "AWS": { "Ref": "UserTokensWriterPrincipal" } }));
    assert_eq!(texts(&statement["Action"]), [writes, vec!["dynamodb:Query".to_owned()]].concat());
}

#[test]
fn every_alarm_notifies_the_topic_and_names_the_runbook() {
    let template = template();
    let widgets = widgets(&template);
    let shown = widgets.iter().filter_map(|widget| widget["properties"]["alarms"].as_array());
    let shown: BTreeSet<_> = shown.flatten().map(text).collect();
    let mut alarms = BTreeSet::new();
    for (id, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        for actions in ["AlarmActions", "OKActions"] {
            assert!(properties[actions].to_string().contains("AlarmTopic"), "{id}: {actions}");
        }
        assert_eq!(properties["TreatMissingData"], "notBreaching", "{id}: a quiet night is not an alarm");
        assert!(text(&properties["AlarmDescription"]).ends_with("See docs/operations.md."), "{id}");
        alarms.insert(id.to_owned());
    }
    assert_eq!(shown, alarms.iter().map(|id| format!("${{{id}.Arn}}")).collect(), "the alarms on the dashboard");

    let runbook = file("docs/operations.md");
    let headings = runbook.lines().filter_map(|line| line.strip_prefix("### "));
    let entries: BTreeSet<_> = headings.filter(|it| it.ends_with("Alarm")).map(str::to_owned).collect();
    assert_eq!(entries, alarms, "the entries of docs/operations.md");
}

/// Actions and resources of each statement of a policy.
fn statements(policy: &Value) -> Vec<(Vec<String>, Vec<String>)> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    statements
        .map(|it| {
            assert_eq!(it["Effect"], "Allow");
            (texts(&it["Action"]), texts(&it["Resource"]))
        })
        .collect()
}

/// The actions that a function calls from its start to a signed JWT.
fn called(kind: Kind) -> BTreeSet<String> {
    let service = Setup::of(kind).with_fakes().start();
    assert_eq!(service.answer_for(TOKEN, &users::demo()).status, 200);
    let lookups = service.aws.dynamodb().take_requests();
    let lookups = lookups.into_iter().map(|asked| format!("dynamodb:{}", asked.operation));
    let keys = service.aws.secrets_manager().calls();
    lookups.chain(keys.into_iter().map(|action| format!("secretsmanager:{action}"))).collect()
}

#[test]
fn a_role_allows_exactly_the_actions_that_its_function_calls() {
    let template = template();
    let mut secrets = BTreeSet::new();
    for kind in Kind::ALL {
        let properties = kind.properties(&template);
        assert!(properties["Policies"].is_null(), "SAM would add its own statements");
        let role = text(&properties["Role"]).replace("${", "").replace(".Arn}", "");
        let role = &template["Resources"][role]["Properties"];
        let [policy] = role["Policies"].as_array().unwrap().as_slice() else { panic!("{kind:?} has several policies") };

        let table = text(kind.variables(&template)["USER_TOKENS_TABLE"]).replace('}', ".Arn}");
        let secret = text(kind.variables(&template)["SIGNING_KEY_SECRET_ID"]);
        let log = text(&properties["LoggingConfig"]["LogGroup"]).replace('}', ".Arn}");
        let mut allowed = BTreeSet::new();
        for (actions, resources) in statements(&policy["PolicyDocument"]) {
            for action in actions {
                let own = match action.split_once(':').unwrap().0 {
                    "dynamodb" => &table,
                    "secretsmanager" => &secret,
                    "logs" => &log,
                    other => panic!("{kind:?} may call {other}"),
                };
                assert_eq!(resources.iter().collect::<Vec<_>>(), [own], "{kind:?}: {action}");
                allowed.insert(action);
            }
        }
        // Lambda writes the log with the function's role.
        let mut needed = called(kind);
        needed.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(str::to_owned));
        assert_eq!(allowed, needed, "{kind:?}");
        assert!(secrets.insert(secret), "{kind:?} shares its secret");
    }
}

/// The parts of `value` that use the table of this stack even if another stack's table replaces it.
fn unconditional_uses_of_the_table(value: &Value) -> Vec<&Value> {
    if let Some([condition, existing, own]) = value["Fn::If"].as_array().map(Vec::as_slice)
        && condition == "HasExistingTable"
    {
        assert!(existing.to_string().contains("ExistingUserTokensTable"), "{existing}");
        assert!(own.to_string().contains("\"UserTokensTable"), "{own}");
        return Vec::new();
    }
    if value["Condition"] == "NeedsTable" {
        return Vec::new();
    }
    match value {
        Value::Object(map) => map.values().flat_map(unconditional_uses_of_the_table).collect(),
        Value::Array(list) => list.iter().flat_map(unconditional_uses_of_the_table).collect(),
        Value::String(text) if text.contains("${UserTokensTable") || text.starts_with("UserTokensTable") => vec![value],
        _ => Vec::new(),
    }
}

#[test]
fn the_table_of_another_stack_replaces_the_own_one_everywhere() {
    let template = template();
    assert_eq!(template["Resources"]["UserTokensTable"]["Condition"], "NeedsTable");
    for part in ["Globals", "Resources", "Outputs"] {
        let uses = unconditional_uses_of_the_table(&template[part]);
        assert!(uses.is_empty(), "{uses:?}");
    }
}

#[test]
fn wildcards_are_only_where_aws_requires_them() {
    let template = template();
    let mut with_wildcard = BTreeSet::new();
    let roles = resources(&template, "AWS::IAM::Role");
    let policies = roles.iter().flat_map(|(_, role)| role["Properties"]["Policies"].as_array().unwrap());
    let managed = resources(&template, "AWS::IAM::ManagedPolicy");
    let managed = managed.iter().map(|(_, policy)| &policy["Properties"]);
    for (actions, resources) in policies.chain(managed).flat_map(|policy| statements(&policy["PolicyDocument"])) {
        assert!(!actions.iter().any(|action| action.contains('*')), "{actions:?}");
        if resources.iter().any(|resource| resource.contains('*')) {
            with_wildcard.extend(actions);
        }
    }
    // These actions of X-Ray accept no resource but `*`.
    assert_eq!(Vec::from_iter(with_wildcard), ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]);
}

/// Every variable in `config.rs`, without AWS's and the one for a simulated Zendesk.
fn variables_of_the_code() -> BTreeSet<String> {
    let code = file("src/config.rs");
    let texts = code.split('"').skip(1).step_by(2);
    let is_variable = |text: &&str| text.len() > 8 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    texts
        .filter(is_variable)
        .filter(|name| !name.starts_with("AWS_") && *name != "ZENDESK_URL")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_template_sets_exactly_the_variables_that_a_function_reads() {
    let (template, known) = (template(), variables_of_the_code());
    for kind in Kind::ALL {
        // No variable accepts this value, which is too long for a name, or an empty one, so the function names each
        // variable that it reads.
        let wrong = "not a value;".repeat(6);
        let value = |name: &str| if name.contains("TABLE") || name.contains("SECRET") { "" } else { &wrong };
        let setup = known.iter().fold(Setup::of(kind), |setup, name| setup.env(name, value(name)));
        let lines = logs::lines(&setup.expect_exit(&[]).output);
        let problems = lines.iter().filter_map(|line| line["message"].as_str()?.strip_prefix("configuration: "));
        let read: BTreeSet<_> = problems.map(|problem| problem.split(' ').next().unwrap()).collect();
        assert_eq!(kind.variables(&template).into_keys().collect::<BTreeSet<_>>(), read, "{kind:?}");
    }
}

fn routes(kind: Kind, template: &Value) -> BTreeSet<(String, String)> {
    let events = kind.properties(template)["Events"].as_object().unwrap();
    events.values().map(|event| (text(&event["Properties"]["Method"]), text(&event["Properties"]["Path"]))).collect()
}

#[test]
fn the_template_has_exactly_the_routes_of_the_functions() {
    let template = template();
    for kind in Kind::ALL {
        let service = Setup::of(kind).env("CONFIGURATIONS", r#"{"ios":{}}"#).start();
        let routes = routes(kind, &template);
        let mut taken = BTreeSet::new();
        for path in routes.iter().map(|(_, path)| path).collect::<BTreeSet<_>>() {
            let answer = service.answer(&Request::new("PATCH", &path.replace("{configuration}", "ios")));
            let allow = answer.header("allow").unwrap_or_else(|| panic!("{path}: {}", answer.status));
            taken.extend(allow.split(", ").map(|method| (method.to_owned(), path.clone())));
        }
        if kind == Kind::MessagingToken {
            // The function answers it with a 405 that says what to do.
            for path in ["/messaging/jwt", "/messaging/{configuration}/jwt"] {
                taken.insert(("GET".to_owned(), path.to_owned()));
            }
        }
        assert_eq!(routes, taken, "{kind:?}");
    }
}

#[test]
fn local_and_the_sample_events_have_the_paths_of_the_template() {
    let template = template();
    let of_the_template: BTreeSet<_> =
        Kind::ALL.iter().flat_map(|kind| routes(*kind, &template)).map(|(_, path)| path).collect();
    let code = file("crates/cli/src/local/functions.rs");
    let (_, routes) = code.split_once("ROUTES: &[&str] = &[").unwrap();
    let of_the_code: BTreeSet<_> =
        routes.split(']').next().unwrap().split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(of_the_code, of_the_template);

    let events = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/events")).unwrap();
    let http_api = events.map(|file| file.unwrap().path()).filter(|path| path.to_string_lossy().contains("-http-api"));
    let of_the_events: BTreeSet<_> = http_api
        .map(|path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap())
        .map(|event| text(&event["rawPath"]))
        .map(|path| path.replace("/ios/", "/{configuration}/").replace("/legacy/", "/{configuration}/"))
        .collect();
    assert_eq!(of_the_events, of_the_template);
}

#[test]
fn the_openapi_file_has_the_routes_of_the_template() {
    let template = template();
    let mut of_the_template: BTreeSet<_> = Kind::ALL.iter().flat_map(|kind| routes(*kind, &template)).collect();
    // These routes only say that POST is needed.
    of_the_template.retain(|(method, path)| method != "GET" || !path.starts_with("/messaging/"));
    let openapi = document::yaml(&file("docs/openapi.yaml"));
    let paths = openapi["paths"].as_object().unwrap().iter();
    let operations: BTreeSet<_> = paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys().filter(|key| *key != "parameters");
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    assert_eq!(operations, of_the_template);
    assert_eq!(openapi["info"]["version"], env!("CARGO_PKG_VERSION"));
}

/// Zendesk leaves the address and the external id out of the URL if the parameters are blank.
#[test]
fn the_remote_logout_url_has_blank_parameters_for_personal_data() {
    let url = &template()["Outputs"]["SsoRemoteLogoutUrl"]["Value"];
    assert!(url.to_string().contains("/sso/logout?email=&external_id="), "{url}");
}

#[test]
fn every_route_has_its_own_limit() {
    let template = template();
    let routes: BTreeSet<_> = Kind::ALL
        .iter()
        .flat_map(|kind| routes(*kind, &template))
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let api = &resources(&template, "AWS::Serverless::HttpApi")[0].1["Properties"];
    let limited: BTreeSet<_> = api["RouteSettings"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(limited, routes);
}

#[test]
fn the_access_log_of_the_api_has_no_personal_data() {
    let template = template();
    let api = &resources(&template, "AWS::Serverless::HttpApi")[0].1["Properties"];
    let format: Value = serde_json::from_str(&text(&api["AccessLogSettings"]["Format"])).expect("JSON");
    let values: Vec<_> = format.as_object().unwrap().values().map(|value| value.as_str().unwrap()).collect();
    assert!(values.contains(&"$context.status"), "the alarm on 429 reads it");
    for value in values {
        for personal in ["identity", "path", "query", "header", "authorizer", "sourceIp"] {
            assert!(!value.contains(personal), "{value}");
        }
    }
}

#[test]
fn a_changed_parameter_makes_a_new_version() {
    let template = template();
    assert_eq!(template["Transform"][0], "AWS::LanguageExtensions", "this transform must come before SAM");
    let of_all = &template["Globals"]["Function"];
    assert_eq!(of_all["AutoPublishAlias"], "live");
    for kind in Kind::ALL {
        let properties = kind.properties(&template);
        assert_eq!(properties["AutoPublishAliasAllProperties"], "true", "{kind:?}");
        for parameter in ["Architectures", "MemorySize", "Timeout", "Tracing"] {
            assert!(properties[parameter].to_string().contains("Ref"), "{kind:?}: {parameter}");
            assert!(of_all[parameter].is_null(), "AWS::LanguageExtensions does not resolve {parameter} there");
        }
    }
}

#[test]
fn secrets_and_table_remain_after_the_stack_is_deleted() {
    let template = template();
    let secrets = resources(&template, "AWS::SecretsManager::Secret");
    let tables = resources(&template, "AWS::DynamoDB::Table");
    for (id, resource) in secrets.iter().chain(&tables) {
        assert_eq!(resource["DeletionPolicy"], "Retain", "{id}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{id}");
    }
    for (id, secret) in secrets {
        let properties: Vec<_> = secret["Properties"].as_object().unwrap().keys().collect();
        assert_eq!(properties, ["Description"], "{id} has no value and no name");
    }
    let [(_, table)] = tables.as_slice() else { panic!("one table") };
    let table = &table["Properties"];
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(table["DeletionProtectionEnabled"], "true");
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], "true");
    assert_eq!(table["SSESpecification"]["SSEEnabled"], "true");
    assert_eq!(table["TimeToLiveSpecification"]["AttributeName"], "expires_at");
}

#[test]
fn every_function_has_a_log_group_with_a_retention_time() {
    let template = template();
    let groups = resources(&template, "AWS::Logs::LogGroup");
    for (id, group) in &groups {
        assert_eq!(text(&group["Properties"]["RetentionInDays"]), "${LogRetentionInDays}", "{id}");
    }
    let groups: BTreeSet<_> = groups.iter().map(|(id, _)| format!("${{{id}}}")).collect();
    for kind in Kind::ALL {
        let logging = &kind.properties(&template)["LoggingConfig"];
        assert!(groups.contains(&text(&logging["LogGroup"])), "{kind:?}");
        // Lambda drops lines below its level, with the metrics in them.
        assert_eq!((&logging["LogFormat"], &logging["ApplicationLogLevel"]), (&"JSON".into(), &"TRACE".into()));
    }
}

#[test]
fn every_parameter_has_a_description_a_label_and_a_group() {
    let template = template();
    let interface = &template["Metadata"]["AWS::CloudFormation::Interface"];
    let groups = interface["ParameterGroups"].as_array().unwrap().iter();
    let mut grouped: Vec<_> = groups.flat_map(|group| texts(&group["Parameters"])).collect();
    grouped.sort();
    let parameters = template["Parameters"].as_object().unwrap();
    let mut names: Vec<_> = parameters.keys().cloned().collect();
    names.sort();
    assert_eq!(grouped, names);
    for (name, parameter) in parameters {
        assert!(interface["ParameterLabels"][name]["default"].is_string(), "{name} has no label");
        assert!(parameter["Description"].is_string(), "{name} has no description");
        let bounded = ["AllowedPattern", "AllowedValues", "MinValue"].iter().any(|rule| !parameter[rule].is_null());
        assert!(bounded, "{name} accepts anything");
    }
}
