//! What a node counts, in the Prometheus text format. Never by who asked, or for what.

use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

/// The node's own metrics. The engine's are appended to them.
pub struct Metrics {
    registry: Registry,
    /// Open HTTP connections.
    pub connections: IntGauge,
    /// HTTP connections refused by a cap.
    pub connections_refused: IntCounter,
    /// Requests by route and status.
    pub requests: IntCounterVec,
    /// Seconds that answers took, by route.
    pub seconds: HistogramVec,
    /// Submitted events by outcome: `accepted`, `known`, or a rejection's code.
    pub events: IntCounterVec,
    /// Signature checks that were made, and those that were remembered.
    pub signatures: IntCounterVec,
    /// Requests that wait for a certificate.
    pub waiting: IntGauge,
    /// Clients that follow the stream of events.
    pub streams: IntGauge,
    /// The last committed height.
    pub height: IntGauge,
    /// Entries of the log.
    pub log_entries: IntGauge,
    /// When the last committed block was made, in seconds since 1970.
    pub head_seconds: IntGauge,
    /// Events in committed blocks, since the start.
    pub committed_events: IntCounter,
    /// Seconds that execution and commit took, by step.
    pub ledger_seconds: HistogramVec,
    /// Entries of the newest checkpoint that a quorum cosigned.
    pub checkpoint_entries: IntGauge,
    /// Statements of peers about checkpoints that were refused.
    pub checkpoint_refused: IntCounter,
}

const SECONDS: [f64; 12] =
    [0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

impl Metrics {
    /// All at zero.
    pub fn new() -> Metrics {
        let registry = Registry::new();
        let with = Build(&registry);
        Metrics {
            connections: with.gauge("http_connections", "Open HTTP connections"),
            connections_refused: with.counter("http_connections_refused_total", "Refused by a cap"),
            requests: with.counters("http_requests_total", "Requests", &["route", "status"]),
            seconds: with.histograms("http_request_seconds", "Time to an answer", &["route"]),
            events: with.counters("events_submitted_total", "Submitted events", &["outcome"]),
            signatures: with.counters("signatures_total", "Signature checks", &["how"]),
            waiting: with.gauge("http_waiting", "Requests that wait for a certificate"),
            streams: with.gauge("http_streams", "Clients that follow the stream of events"),
            height: with.gauge("height", "Last committed height"),
            log_entries: with.gauge("log_entries", "Entries of the log"),
            head_seconds: with.gauge("head_time_seconds", "Time of the last committed block"),
            committed_events: with.counter("events_committed_total", "Events in blocks"),
            ledger_seconds: with.histograms("ledger_seconds", "Time in the ledger", &["step"]),
            checkpoint_entries: with.gauge("checkpoint_entries", "Entries of the checkpoint"),
            checkpoint_refused: with.counter("checkpoint_refused_total", "Refused statements"),
            registry,
        }
    }

    /// The metrics in the Prometheus text format.
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut bytes).expect("memory takes it");
        String::from_utf8(bytes).expect("names and labels are UTF-8")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

/// What two texts of metrics are together: an OpenMetrics text ends with a mark of its own, after
/// which nothing may come.
pub fn without_end(text: &str) -> &str {
    text.trim_end().strip_suffix("# EOF").unwrap_or(text)
}

/// Makes and registers metrics. Names are constants, so that nothing can go wrong.
struct Build<'a>(&'a Registry);

impl Build<'_> {
    fn register<M: prometheus::core::Collector + Clone + 'static>(&self, metric: M) -> M {
        self.0.register(Box::new(metric.clone())).expect("each name stands once");
        metric
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::with_opts(opts(name, help)).expect("a constant name"))
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::with_opts(opts(name, help)).expect("a constant name"))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(opts(name, help), labels).expect("a constant name"))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        let opts = HistogramOpts { common_opts: opts(name, help), buckets: SECONDS.to_vec() };
        self.register(HistogramVec::new(opts, labels).expect("a constant name"))
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(format!("dzong_{name}"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own() {
        let metrics = Metrics::new();
        metrics.requests.with_label_values(&["/v1/status", "200"]).inc();
        assert!(metrics.text().contains("dzong_http_requests_total{route=\"/v1/status\""));
        assert_eq!(without_end("a 1\n# EOF\n"), "a 1\n");
        assert_eq!(without_end("a 1\n"), "a 1\n");
    }
}
