//! AWS's list prices, in one place.

/// Dollars, in us-east-1, without free tiers.
pub(super) struct Prices {
    /// When they were last looked at.
    pub(super) date: &'static str,
    /// An HTTP API's request.
    pub(super) api_request: f64,
    /// A function's invocation.
    pub(super) lambda_request: f64,
    /// A GB of a function's memory for a second, arm64.
    pub(super) lambda_gb_second: f64,
    /// A read request unit, on demand.
    pub(super) read_unit: f64,
    /// A write request unit, on demand.
    pub(super) write_unit: f64,
    /// A GB in the table for a month.
    pub(super) table_gb_month: f64,
    /// A GB of the table's continuous backups for a month.
    pub(super) backup_gb_month: f64,
    /// A GB of logs taken in.
    pub(super) log_gb: f64,
    /// A GB out to the internet.
    pub(super) traffic_gb: f64,
    /// A trace that X-Ray records.
    pub(super) trace: f64,
    /// An invocation by EventBridge Scheduler.
    pub(super) schedule: f64,
    /// A secret for a month.
    pub(super) secret_month: f64,
    /// An alarm for a month, after ten.
    pub(super) alarm_month: f64,
}

/// Today's.
pub(super) const PRICES: Prices = Prices {
    date: "2025",
    api_request: 1.00e-6,
    lambda_request: 0.20e-6,
    lambda_gb_second: 0.000_013_333_4,
    read_unit: 0.125e-6,
    write_unit: 0.625e-6,
    table_gb_month: 0.25,
    backup_gb_month: 0.20,
    log_gb: 0.50,
    traffic_gb: 0.09,
    trace: 5.0e-6,
    schedule: 1.0e-6,
    secret_month: 0.40,
    alarm_month: 0.10,
};

/// The prices as a table.
pub(super) fn table() -> String {
    let rows = [
        ("API Gateway, HTTP API, a million requests", PRICES.api_request * 1e6),
        ("Lambda, a million requests", PRICES.lambda_request * 1e6),
        ("Lambda, arm64, a million GB-seconds", PRICES.lambda_gb_second * 1e6),
        ("DynamoDB on demand, a million read units", PRICES.read_unit * 1e6),
        ("DynamoDB on demand, a million write units", PRICES.write_unit * 1e6),
        ("DynamoDB, a GB for a month", PRICES.table_gb_month),
        ("DynamoDB, point-in-time recovery, a GB for a month", PRICES.backup_gb_month),
        ("CloudWatch Logs, a GB", PRICES.log_gb),
        ("X-Ray, a million traces", PRICES.trace * 1e6),
        ("Traffic to the internet, a GB", PRICES.traffic_gb),
        ("EventBridge Scheduler, a million runs", PRICES.schedule * 1e6),
        ("Secrets Manager, a secret for a month", PRICES.secret_month),
        ("CloudWatch, an alarm for a month, after ten", PRICES.alarm_month),
    ];
    let mut table = format!("| price, us-east-1, {}, without free tiers | |\n|---|---:|\n", PRICES.date);
    for (name, dollars) in rows {
        table.push_str(&format!("| {name} | ${dollars:.3} |\n"));
    }
    table
}
