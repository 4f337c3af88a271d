//! What a site costs at AWS, in dollars: from the template, what each flow was measured to ask of the table
//! (docs/costs.md) and of the processor (docs/benchmarks.md), and AWS's prices.

mod prices;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prices::PRICES;
use serde::Deserialize;

use crate::Result;
use crate::project::Project;

/// A function with this much memory has one whole CPU; with less, that share of one (AWS Lambda's guide).
const MEMORY_OF_A_CPU: f64 = 1769.0;
/// What a call of the table is waited for, in ms. An assumption: DynamoDB promises less than ten, and a laptop can't
/// measure it.
const TABLE_MS: f64 = 5.0;
/// What a request writes to the log, in bytes: its own line, and Lambda's START, END and REPORT.
const LOGGED_BYTES: f64 = 900.0;
/// What a request is answered with, in bytes, on the way out of AWS.
const ANSWERED_BYTES: f64 = 2_000.0;
/// X-Ray's own rule: the first request of a second, and one in twenty of the others.
const TRACED: f64 = 0.05;
/// What an answer of Bangumi's is waited for, in ms. An assumption, too: it is far from AWS.
const BANGUMI_MS: f64 = 300.0;
/// Hours of an average month.
const HOURS: f64 = 730.0;

/// A use of the site that people pay for.
struct Flow {
    /// What it is called here.
    name: &'static str,
    /// The functions that answer, one request each.
    functions: &'static [&'static str],
    /// Its rows of docs/costs.md, together.
    table: &'static [&'static str],
    /// Its row of docs/benchmarks.md.
    processor: &'static str,
}

const FLOWS: [Flow; 6] = [
    Flow { name: "sign-in", functions: &["login"], table: &["sign in with password"], processor: "login (Argon2)" },
    Flow {
        name: "token grant: authorize, code, tokens",
        functions: &["authorize", "token"],
        table: &["authorize, signed in and consented", "code → tokens"],
        processor: "code flow: authorize + token",
    },
    Flow { name: "refresh", functions: &["token"], table: &["refresh"], processor: "refresh" },
    Flow { name: "userinfo", functions: &["userinfo"], table: &["userinfo"], processor: "userinfo" },
    Flow {
        name: "collection edit",
        functions: &["collections"],
        table: &["changed entry"],
        processor: "an edit of an entry",
    },
    Flow {
        name: "page of a collection",
        functions: &["collections"],
        table: &["page of 9 of one's own 10,000 entries"],
        processor: "a page of 1,000 entries",
    },
];

/// What one flow costs, in dollars, by who is paid.
struct Cost {
    gateway: f64,
    lambda: f64,
    table: f64,
    rest: f64,
}

/// Prints both tables.
pub(crate) fn run() -> Result<()> {
    let project = Project::load()?;
    let read = |path: &str| std::fs::read_to_string(project.root.join(path));
    let report = report(&read("template.yaml")?, &read("docs/costs.md")?, &read("docs/benchmarks.md")?)?;
    print!("{report}");
    print!("{}", in_step(&read("template.yaml")?, &read("docs/sync-costs.md")?)?);
    Ok(())
}

fn report(template: &str, table: &str, processor: &str) -> Result<String> {
    let template: Template = serde_saphyr::from_str(template).map_err(|error| format!("template.yaml: {error}"))?;
    let (table, processor) = (rows(table), rows(processor));
    let mut out = String::new();
    writeln!(out, "| a million of | API Gateway | Lambda | DynamoDB | logs, traces, traffic | together |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|")?;
    for flow in &FLOWS {
        let Cost { gateway, lambda, table, rest } = cost(flow, &template, &table, &processor)?;
        let sum = gateway + lambda + table + rest;
        let name = flow.name;
        writeln!(out, "| {name} | ${gateway:.2} | ${lambda:.2} | ${table:.2} | ${rest:.2} | **${sum:.2}** |")?;
    }
    let runs: f64 = template.runs_a_month()?;
    let memory = template.memory("sweep")? / 1024.0;
    // A scheduled run that finds nothing to do: at the most a cold start and eight queries, which are half a unit each.
    let schedules = runs * (PRICES.schedule + PRICES.lambda_request + 0.3 * memory * PRICES.lambda_gb_second);
    let schedules = schedules + runs * (4.0 * PRICES.read_unit + LOGGED_BYTES * PRICES.log_gb / 1e9);
    let idle = [
        ("the secret", PRICES.secret_month),
        ("scheduled runs, and their logs", schedules),
        ("the table: a hundredth of a GB, and its backups", 0.01 * (PRICES.table_gb_month + PRICES.backup_gb_month)),
        ("alarms beyond ten", (template.alarms() - 10.0).max(0.0) * PRICES.alarm_month),
        ("API, functions, logs, dashboard", 0.0),
    ];
    writeln!(out, "\n| an idle month | |\n|---|---:|")?;
    for (name, dollars) in idle {
        writeln!(out, "| {name} | ${dollars:.3} |")?;
    }
    let sum: f64 = idle.iter().map(|(_, dollars)| dollars).sum();
    writeln!(out, "| together | **${sum:.2}** |\n")?;
    writeln!(out, "{}", prices::table())?;
    Ok(out)
}

/// What it costs to keep collections in step with Bangumi, of which docs/sync-costs.md has the measurements.
fn in_step(template: &str, measured: &str) -> Result<String> {
    let template: Template = serde_saphyr::from_str(template).map_err(|error| format!("template.yaml: {error}"))?;
    let measured = rows(measured);
    let memory = template.memory("sync")? / 1024.0;
    // A month has 30 days, of which four are those of a look at everything.
    let (idle, full) = ("a day on which nothing changed", "a day with a look at everything");
    let (there, here) = ("a day on which 1 % changed there", "1 % that changed here, sent");
    let month = [
        ("nothing changes", vec![(26.0, idle), (4.0, full)]),
        ("1 % changes on either side every day", vec![(26.0, there), (4.0, full), (30.0, here)]),
    ];
    let mut out = String::from(
        "\n| a user of 300 entries in step, a month | requests to Bangumi | DynamoDB | Lambda | together | a million of them |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    for (name, days) in month {
        let of = |column: &str| -> Result<f64> {
            days.iter().map(|(times, row)| Ok(times * number(&measured, row, column)?)).sum()
        };
        let requests = of("requests to Bangumi")?;
        let table = of("read units")? * PRICES.read_unit + of("write units")? * PRICES.write_unit;
        // As if nobody else were worked on meanwhile: with others, they wait together.
        let seconds = (requests * BANGUMI_MS + of("calls of the table")? * TABLE_MS) / 1000.0;
        let lambda = seconds * memory * PRICES.lambda_gb_second;
        let sum = table + lambda;
        let million = sum * 1e6;
        writeln!(out, "| {name} | {requests:.0} | ${table:.6} | ${lambda:.6} | **${sum:.6}** | **${million:.0}** |")?;
    }
    Ok(out)
}

/// What a million of a flow cost.
fn cost(flow: &Flow, template: &Template, table: &Rows, processor: &Rows) -> Result<Cost> {
    let million = 1e6;
    let asked = |column: &str| -> Result<f64> { flow.table.iter().map(|row| number(table, row, column)).sum() };
    let requests = flow.functions.len() as f64;
    let cpu_ms = number(processor, flow.processor, "CPU time")? - number(processor, flow.processor, "of which table")?;
    let waited_ms = asked("round trips")? * TABLE_MS;
    // Of a flow through several functions, all have the memory of the first: what Argon2 wants.
    let memory = flow
        .functions
        .iter()
        .map(|function| template.memory(function))
        .try_fold(0.0, |a: f64, b| b.map(|b| a.max(b)))?;
    let billed_ms = cpu_ms / (memory / MEMORY_OF_A_CPU).min(1.0) + waited_ms;
    let gb_seconds = billed_ms / 1000.0 * memory / 1024.0;
    let units = asked("read units")? * PRICES.read_unit + asked("write units")? * PRICES.write_unit;
    let bytes = LOGGED_BYTES * PRICES.log_gb + ANSWERED_BYTES * PRICES.traffic_gb;
    Ok(Cost {
        gateway: million * requests * PRICES.api_request,
        lambda: million * (requests * PRICES.lambda_request + gb_seconds * PRICES.lambda_gb_second),
        table: million * units,
        rest: million * requests * (bytes / 1e9 + TRACED * PRICES.trace),
    })
}

/// A table of Markdown: by row and column, what stands there.
type Rows = BTreeMap<String, BTreeMap<String, String>>;

fn rows(markdown: &str) -> Rows {
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = markdown.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let head = lines.next().map(cells).unwrap_or_default();
    let row = |line| {
        let cells = cells(line);
        (cells.first().cloned().unwrap_or_default(), head.iter().cloned().zip(cells).collect())
    };
    lines.map(row).collect()
}

/// The number at a place of a table, without its unit.
fn number(rows: &Rows, row: &str, column: &str) -> Result<f64> {
    let cell = rows.get(row).and_then(|cells| cells.get(column));
    let cell = cell.ok_or_else(|| format!("nothing was measured of \"{row}\", \"{column}\""))?;
    let number = cell.split(' ').next().unwrap_or_default();
    Ok(number.parse().map_err(|_| format!("\"{row}\", \"{column}\" is no number: {cell}"))?)
}

/// What costs something in the template.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    globals: Globals,
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Globals {
    function: Properties,
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
    code_uri: Option<String>,
    memory_size: Option<f64>,
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    properties: EventProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EventProperties {
    schedule_expression: Option<String>,
}

impl Template {
    /// A function's memory in MB.
    fn memory(&self, function: &str) -> Result<f64> {
        let folder = format!("functions/{function}");
        let found = self.resources.values().find(|one| one.properties.code_uri.as_deref() == Some(&*folder));
        let found = found.ok_or_else(|| format!("template.yaml has no function {function}"))?;
        let memory = found.properties.memory_size.or(self.globals.function.memory_size);
        Ok(memory.ok_or("template.yaml gives functions no memory")?)
    }

    /// How often schedules run, all together.
    fn runs_a_month(&self) -> Result<f64> {
        let events = self.resources.values().flat_map(|resource| resource.properties.events.values());
        let rates = events.filter_map(|event| event.properties.schedule_expression.as_deref());
        rates.map(|rate| Ok(HOURS * 3600.0 / local::template::parse_rate(rate)?.as_secs_f64())).sum()
    }

    fn alarms(&self) -> f64 {
        self.resources.values().filter(|resource| resource.kind == "AWS::CloudWatch::Alarm").count() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Globals: { Function: { MemorySize: 256 } }
Resources:
  Login: { Type: AWS::Serverless::Function, Properties: { CodeUri: functions/login, MemorySize: 1769 } }
  Userinfo: { Type: AWS::Serverless::Function, Properties: { CodeUri: functions/userinfo } }
";

    fn of(flow: &str) -> Cost {
        let table = "
| flow | round trips | read units | write units |
|---|---:|---:|---:|
| sign in with password | 3 | 3 | 5 |
| userinfo | 1 | 4 | 0 |
";
        let processor = "
| flow | CPU time | of which table |
|---|---:|---:|
| login (Argon2) | 40.0 ms | 3.0 ms |
| userinfo | 1.0 ms | 0.2 ms |
";
        let flow = FLOWS.iter().find(|one| one.name == flow).unwrap();
        let template: Template = serde_saphyr::from_str(TEMPLATE).unwrap();
        cost(flow, &template, &rows(table), &rows(processor)).unwrap()
    }

    #[test]
    fn a_million_sign_ins_are_paid_for_by_the_request_the_millisecond_and_the_unit() {
        let cost = of("sign-in");
        let near = |a: f64, b: f64| assert!((a - b).abs() < 0.005, "{a} {b}");
        near(cost.gateway, 1.0);
        // 52 ms of 1,769 MB: 0.0898 GB-seconds each.
        near(cost.lambda, 0.2 + 0.052 * 1769.0 / 1024.0 * 13.3334);
        near(cost.table, 3.0 * 0.125 + 5.0 * 0.625);
    }

    #[test]
    fn a_function_with_less_memory_has_a_share_of_a_cpu_and_takes_longer() {
        let billed = 0.8 / (256.0 / 1769.0) + 5.0;
        assert!((of("userinfo").lambda - (0.2 + billed / 1000.0 * 0.25 * 13.3334)).abs() < 0.005);
    }

    #[test]
    fn staying_in_step_is_paid_for_by_unit_and_by_what_is_waited_for() {
        let template = "
Globals: { Function: { MemorySize: 256 } }
Resources:
  Sync: { Type: AWS::Serverless::Function, Properties: { CodeUri: functions/sync } }
";
        let measured = "
| each | requests to Bangumi | calls of the table | read units | write units |
|---|---:|---:|---:|---:|
| a day on which nothing changed | 1.0 | 10.0 | 8.0 | 6.0 |
| a day with a look at everything | 6.0 | 40.0 | 300.0 | 10.0 |
| a day on which 1 % changed there | 1.0 | 11.0 | 9.0 | 16.0 |
| 1 % that changed here, sent | 3.0 | 12.0 | 8.0 | 11.0 |
";
        let told = in_step(template, measured).unwrap();
        // 50 requests; 1,408 read units and 196 write units; 17.1 seconds of waiting, with a quarter of a GB.
        let expected = "| nothing changes | 50 | $0.000299 | $0.000057 | **$0.000356** | **$356** |";
        assert!(told.contains(expected), "{told}");
        assert!(in_step(template, "| a |\n|---|\n").is_err(), "what was not measured is no zero");
    }

    #[test]
    fn what_was_not_measured_is_said_and_not_guessed() {
        let error = number(&rows("| flow | CPU time |\n|---|---|\n| a | - |"), "b", "CPU time").unwrap_err();
        assert!(error.to_string().contains("\"b\""), "{error}");
        assert!(number(&rows("| flow | CPU time |\n|---|---|\n| a | - |"), "a", "CPU time").is_err());
    }
}
