#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/box.h"
#include "api/meta.h"

namespace slipway::api {

struct OAuth2Config {
  std::string token_url;
  std::string client_id;
  std::string client_secret;
  std::vector<std::string> scopes;

  static constexpr void fields(auto&& visit) {
    visit("tokenUrl", &OAuth2Config::token_url);
    visit("clientId", &OAuth2Config::client_id);
    visit("clientSecret", &OAuth2Config::client_secret);
    visit("scopes", &OAuth2Config::scopes);
  }
  bool operator==(const OAuth2Config&) const = default;
};

/// Amazon Managed Prometheus.
struct Sigv4Config {
  std::string region;
  std::string profile;
  std::string role_arn;

  static constexpr void fields(auto&& visit) {
    visit("region", &Sigv4Config::region);
    visit("profile", &Sigv4Config::profile);
    visit("roleArn", &Sigv4Config::role_arn);
  }
  bool operator==(const Sigv4Config&) const = default;
};

struct BasicAuthConfig {
  std::string username;
  std::string password;

  static constexpr void fields(auto&& visit) {
    visit("username", &BasicAuthConfig::username);
    visit("password", &BasicAuthConfig::password);
  }
  bool operator==(const BasicAuthConfig&) const = default;
};

/// How a provider proves who it is. At most one member is filled in.
struct Authentication {
  Box<Sigv4Config> sigv4;
  Box<OAuth2Config> oauth2;
  Box<BasicAuthConfig> basic_auth;

  static constexpr void fields(auto&& visit) {
    visit("sigv4", &Authentication::sigv4);
    visit("oauth2", &Authentication::oauth2);
    visit("basicAuth", &Authentication::basic_auth);
  }
  bool operator==(const Authentication&) const = default;
};

struct WebMetricHeader {
  std::string key;
  std::string value;

  static constexpr void fields(auto&& visit) {
    visit("key", &WebMetricHeader::key, Facets{.required = true});
    visit("value", &WebMetricHeader::value, Facets{.required = true});
  }
  bool operator==(const WebMetricHeader&) const = default;
};

/// Makes a Prometheus query a range query. Times are expressions over now().
struct PrometheusRangeQueryArgs {
  std::string start;
  std::string end;
  std::string step;  ///< A Go duration.

  static constexpr void fields(auto&& visit) {
    visit("start", &PrometheusRangeQueryArgs::start);
    visit("end", &PrometheusRangeQueryArgs::end);
    visit("step", &PrometheusRangeQueryArgs::step);
  }
  bool operator==(const PrometheusRangeQueryArgs&) const = default;
};

struct PrometheusMetric {
  std::string address;  ///< Default: the environment's ARGO_ROLLOUTS_PROMETHEUS_ADDRESS.
  std::string query;
  Box<Authentication> authentication;
  std::optional<std::int64_t> timeout;  ///< Seconds. Default 30.
  bool insecure = false;                ///< Skip the check of the server's certificate.
  std::vector<WebMetricHeader> headers;
  Box<PrometheusRangeQueryArgs> range_query;

  static constexpr void fields(auto&& visit) {
    visit("address", &PrometheusMetric::address);
    visit("query", &PrometheusMetric::query);
    visit("authentication", &PrometheusMetric::authentication);
    visit("timeout", &PrometheusMetric::timeout);
    visit("insecure", &PrometheusMetric::insecure);
    visit("headers", &PrometheusMetric::headers);
    visit("rangeQuery", &PrometheusMetric::range_query);
  }
  bool operator==(const PrometheusMetric&) const = default;
};

struct KayentaThreshold {
  std::int64_t pass = 0;
  std::int64_t marginal = 0;

  static constexpr void fields(auto&& visit) {
    visit("pass", &KayentaThreshold::pass, Facets{.required = true});
    visit("marginal", &KayentaThreshold::marginal, Facets{.required = true});
  }
  bool operator==(const KayentaThreshold&) const = default;
};

struct ScopeDetail {
  std::string scope;
  std::string region;
  std::int64_t step = 0;  ///< Seconds.
  std::string start;
  std::string end;

  static constexpr void fields(auto&& visit) {
    visit("scope", &ScopeDetail::scope, Facets{.required = true});
    visit("region", &ScopeDetail::region, Facets{.required = true});
    visit("step", &ScopeDetail::step, Facets{.required = true});
    visit("start", &ScopeDetail::start);
    visit("end", &ScopeDetail::end);
  }
  bool operator==(const ScopeDetail&) const = default;
};

struct KayentaScope {
  std::string name;
  ScopeDetail control_scope;
  ScopeDetail experiment_scope;

  static constexpr void fields(auto&& visit) {
    visit("name", &KayentaScope::name, Facets{.required = true});
    visit("controlScope", &KayentaScope::control_scope, Facets{.required = true});
    visit("experimentScope", &KayentaScope::experiment_scope, Facets{.required = true});
  }
  bool operator==(const KayentaScope&) const = default;
};

struct KayentaMetric {
  std::string address;
  std::string application;
  std::string canary_config_name;
  std::string metrics_account_name;
  std::string configuration_account_name;
  std::string storage_account_name;
  KayentaThreshold threshold;
  std::vector<KayentaScope> scopes;
  bool lookback = false;

  static constexpr void fields(auto&& visit) {
    constexpr Facets required{.required = true};
    visit("address", &KayentaMetric::address, required);
    visit("application", &KayentaMetric::application, required);
    visit("canaryConfigName", &KayentaMetric::canary_config_name, required);
    visit("metricsAccountName", &KayentaMetric::metrics_account_name, required);
    visit("configurationAccountName", &KayentaMetric::configuration_account_name, required);
    visit("storageAccountName", &KayentaMetric::storage_account_name, required);
    visit("threshold", &KayentaMetric::threshold, required);
    visit("scopes", &KayentaMetric::scopes, required);
    visit("lookback", &KayentaMetric::lookback);
  }
  bool operator==(const KayentaMetric&) const = default;
};

struct WebMetric {
  std::string method;  ///< GET (default), POST, PUT
  std::string url;
  std::vector<WebMetricHeader> headers;
  std::string body;
  std::int64_t timeout_seconds = 0;  ///< Default 10.
  std::string json_path;             ///< Default "{$}".
  bool insecure = false;
  Json json_body;  ///< Null where there is none.
  Box<Authentication> authentication;

  static constexpr void fields(auto&& visit) {
    visit("method", &WebMetric::method);
    visit("url", &WebMetric::url, Facets{.required = true});
    visit("headers", &WebMetric::headers);
    visit("body", &WebMetric::body);
    visit("timeoutSeconds", &WebMetric::timeout_seconds);
    visit("jsonPath", &WebMetric::json_path);
    visit("insecure", &WebMetric::insecure);
    visit("jsonBody", &WebMetric::json_body);
    visit("authentication", &WebMetric::authentication);
  }
  bool operator==(const WebMetric&) const = default;
};

/// A Secret, in the run's namespace if `namespaced`, else in the controller's.
struct SecretRef {
  std::string name;
  bool namespaced = false;

  static constexpr void fields(auto&& visit) {
    visit("name", &SecretRef::name);
    visit("namespaced", &SecretRef::namespaced);
  }
  bool operator==(const SecretRef&) const = default;
};

struct DatadogMetric {
  std::string interval;  ///< A Go duration. Default "5m".
  std::string query;     ///< Or `queries` and `formula`.
  StringMap queries;
  std::string formula;
  std::string api_version;  ///< "v1" (default) or "v2"
  std::string aggregator;
  std::optional<SecretRef> secret_ref;
  std::string request_timeout;  ///< A Go duration. Default "10s".

  static constexpr void fields(auto&& visit) {
    visit("interval", &DatadogMetric::interval, Facets{.schema = R"("default":"5m")"});
    visit("query", &DatadogMetric::query);
    visit("queries", &DatadogMetric::queries);
    visit("formula", &DatadogMetric::formula);
    visit("apiVersion", &DatadogMetric::api_version,
          Facets{.schema = R"("default":"v1","enum":["v1","v2"])"});
    visit("aggregator", &DatadogMetric::aggregator,
          Facets{.schema = R"("enum":["avg","min","max","sum","last","percentile","mean",)"
                           R"("l2norm","area"])"});
    visit("secretRef", &DatadogMetric::secret_ref);
    visit("requestTimeout", &DatadogMetric::request_timeout,
          Facets{.schema = R"("default":"10s")"});
  }
  bool operator==(const DatadogMetric&) const = default;
};

struct WavefrontMetric {
  std::string address;
  std::string query;

  static constexpr void fields(auto&& visit) {
    visit("address", &WavefrontMetric::address);
    visit("query", &WavefrontMetric::query);
  }
  bool operator==(const WavefrontMetric&) const = default;
};

struct NewRelicMetric {
  std::string profile;  ///< Name of the Secret. Default "newrelic".
  std::string query;
  std::optional<std::int64_t> timeout;  ///< Seconds. Default 5.

  static constexpr void fields(auto&& visit) {
    visit("profile", &NewRelicMetric::profile);
    visit("query", &NewRelicMetric::query, Facets{.required = true});
    visit("timeout", &NewRelicMetric::timeout);
  }
  bool operator==(const NewRelicMetric&) const = default;
};

/// Labels and annotations of a Job.
struct JobMetadata {
  StringMap labels;
  StringMap annotations;

  static constexpr void fields(auto&& visit) {
    visit("labels", &JobMetadata::labels);
    visit("annotations", &JobMetadata::annotations);
  }
  bool operator==(const JobMetadata&) const = default;
};

/// A Job whose end is the measurement.
struct JobMetric {
  Box<JobMetadata> metadata;
  Json spec;  ///< batch/v1 JobSpec, as it was read.

  static constexpr void fields(auto&& visit) {
    visit("metadata", &JobMetric::metadata);
    visit("spec", &JobMetric::spec, Facets{.required = true, .core_type = "JobSpec"});
  }
  bool operator==(const JobMetric&) const = default;
};

struct CloudWatchMetricStatMetricDimension {
  std::string name;
  std::string value;

  static constexpr void fields(auto&& visit) {
    visit("name", &CloudWatchMetricStatMetricDimension::name);
    visit("value", &CloudWatchMetricStatMetricDimension::value);
  }
  bool operator==(const CloudWatchMetricStatMetricDimension&) const = default;
};

struct CloudWatchMetricStatMetric {
  std::vector<CloudWatchMetricStatMetricDimension> dimensions;
  std::string metric_name;
  std::optional<std::string> namespace_;

  static constexpr void fields(auto&& visit) {
    visit("dimensions", &CloudWatchMetricStatMetric::dimensions);
    visit("metricName", &CloudWatchMetricStatMetric::metric_name);
    visit("namespace", &CloudWatchMetricStatMetric::namespace_);
  }
  bool operator==(const CloudWatchMetricStatMetric&) const = default;
};

struct CloudWatchMetricStat {
  Box<CloudWatchMetricStatMetric> metric;
  std::optional<IntOrString> period;  ///< Seconds.
  std::string stat;
  std::string unit;

  static constexpr void fields(auto&& visit) {
    visit("metric", &CloudWatchMetricStat::metric);
    visit("period", &CloudWatchMetricStat::period);
    visit("stat", &CloudWatchMetricStat::stat);
    visit("unit", &CloudWatchMetricStat::unit);
  }
  bool operator==(const CloudWatchMetricStat&) const = default;
};

struct CloudWatchMetricDataQuery {
  std::string id;
  std::optional<std::string> expression;
  std::optional<std::string> label;
  Box<CloudWatchMetricStat> metric_stat;
  std::optional<IntOrString> period;  ///< Seconds.
  std::optional<bool> return_data;

  static constexpr void fields(auto&& visit) {
    visit("id", &CloudWatchMetricDataQuery::id);
    visit("expression", &CloudWatchMetricDataQuery::expression);
    visit("label", &CloudWatchMetricDataQuery::label);
    visit("metricStat", &CloudWatchMetricDataQuery::metric_stat);
    visit("period", &CloudWatchMetricDataQuery::period);
    visit("returnData", &CloudWatchMetricDataQuery::return_data);
  }
  bool operator==(const CloudWatchMetricDataQuery&) const = default;
};

struct CloudWatchMetric {
  std::string interval;  ///< A Go duration. Default "5m".
  std::vector<CloudWatchMetricDataQuery> metric_data_queries;

  static constexpr void fields(auto&& visit) {
    visit("interval", &CloudWatchMetric::interval);
    visit("metricDataQueries", &CloudWatchMetric::metric_data_queries, Facets{.required = true});
  }
  bool operator==(const CloudWatchMetric&) const = default;
};

struct GraphiteMetric {
  std::string address;
  std::string query;

  static constexpr void fields(auto&& visit) {
    visit("address", &GraphiteMetric::address);
    visit("query", &GraphiteMetric::query);
  }
  bool operator==(const GraphiteMetric&) const = default;
};

struct InfluxdbMetric {
  std::string profile;  ///< Name of the Secret. Default "influxdb".
  std::string query;

  static constexpr void fields(auto&& visit) {
    visit("profile", &InfluxdbMetric::profile);
    visit("query", &InfluxdbMetric::query);
  }
  bool operator==(const InfluxdbMetric&) const = default;
};

struct SkyWalkingMetric {
  std::string address;
  std::string query;
  std::string interval;  ///< A Go duration. No default.

  static constexpr void fields(auto&& visit) {
    visit("address", &SkyWalkingMetric::address);
    visit("query", &SkyWalkingMetric::query);
    visit("interval", &SkyWalkingMetric::interval);
  }
  bool operator==(const SkyWalkingMetric&) const = default;
};

/// Where a metric's measurements come from. Exactly one member is set.
struct MetricProvider {
  Box<PrometheusMetric> prometheus;
  Box<KayentaMetric> kayenta;
  Box<WebMetric> web;
  Box<DatadogMetric> datadog;
  Box<WavefrontMetric> wavefront;
  Box<NewRelicMetric> new_relic;
  Box<JobMetric> job;
  Box<CloudWatchMetric> cloud_watch;
  Box<GraphiteMetric> graphite;
  Box<InfluxdbMetric> influxdb;
  Box<SkyWalkingMetric> skywalking;
  std::map<std::string, Json, std::less<>> plugin;  ///< Configuration by plugin name.

  static constexpr void fields(auto&& visit) {
    visit("prometheus", &MetricProvider::prometheus);
    visit("kayenta", &MetricProvider::kayenta);
    visit("web", &MetricProvider::web);
    visit("datadog", &MetricProvider::datadog);
    visit("wavefront", &MetricProvider::wavefront);
    visit("newRelic", &MetricProvider::new_relic);
    visit("job", &MetricProvider::job);
    visit("cloudWatch", &MetricProvider::cloud_watch);
    visit("graphite", &MetricProvider::graphite);
    visit("influxdb", &MetricProvider::influxdb);
    visit("skywalking", &MetricProvider::skywalking);
    visit("plugin", &MetricProvider::plugin);
  }
  bool operator==(const MetricProvider&) const = default;
};

}  // namespace slipway::api
