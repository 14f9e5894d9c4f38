#include "kubernetes/kubeconfig.h"

#include <doctest/doctest.h>

#include <map>

#include "base/text.h"

namespace slipway::kubernetes {
namespace {

using Files = std::map<std::string, std::string>;
using Variables = std::map<std::string, std::string>;

Environment environment_of(Files files, Variables variables) {
  return {.variable = [variables](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
          },
          .read_file = [files](const std::string& path) -> Result<std::string> {
            const auto found = files.find(path);
            if (found == files.end()) {
              return fail(ErrorCode::not_found, path, "no such file", "check the path");
            }
            if (found->second == "SECRET") {
              return fail(ErrorCode::invalid, path, "Permission denied", "check its permissions");
            }
            return found->second;
          }};
}

const char* const basic = R"(
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: one, user: me, namespace: shop}
- name: prod
  context: {cluster: two, user: robot}
clusters:
- name: one
  cluster: {server: "https://one:6443", certificate-authority-data: Q0E=}
- name: two
  cluster: {server: "https://two:6443/base/", insecure-skip-tls-verify: true,
            tls-server-name: two.test, proxy-url: "http://proxy:3128", disable-compression: true}
users:
- name: me
  user: {token: secret}
- name: robot
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
)";

Result<ConnectionConfig> load(const std::string& text, const ConfigOverrides& overrides = {},
                              Files more = {}) {
  more["/home/.kube/config"] = text;
  return load_connection_config(overrides, environment_of(std::move(more), {
                                                                               {"HOME", "/home"}
  }));
}

std::string error_of_load(const Result<ConnectionConfig>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::invalid);
  CHECK_FALSE(result.error().hint.empty());
  return result.error().where + ": " + result.error().message;
}

TEST_CASE("the current context leads to server, credentials and namespace") {
  const Result<ConnectionConfig> config = load(basic);
  REQUIRE(config);
  CHECK(config->server == "https://one:6443");
  CHECK(config->namespace_ == "shop");
  CHECK(config->certificate_authority_pem == "CA");
  CHECK(config->token == "secret");
  CHECK_FALSE(config->in_cluster);
  CHECK_FALSE(config->insecure_skip_tls_verify);
}

TEST_CASE("another context may be chosen, with all that a cluster may say") {
  const Result<ConnectionConfig> config = load(basic, {.context = "prod"});
  REQUIRE(config);
  CHECK(config->server == "https://two:6443/base");
  CHECK(config->namespace_ == "default");
  CHECK(config->client_certificate_pem == "CERT");
  CHECK(config->client_key_pem == "KEY");
  CHECK(config->token.empty());
  CHECK(config->insecure_skip_tls_verify);
  CHECK(config->disable_compression);
  CHECK(config->tls_server_name == "two.test");
  CHECK(config->proxy_url == "http://proxy:3128");
}

TEST_CASE("flags win over files") {
  struct Row {
    const char* name;
    ConfigOverrides overrides;
    std::function<bool(const ConnectionConfig&)> holds;
  };
  const Row rows[] = {
      {"namespace",                         {.namespace_ = "other"},           [](auto& c) { return c.namespace_ == "other"; }    },
      {"cluster",
       {.cluster = "two"},
       [](auto& c) { return c.server == "https://two:6443/base" && c.token == "secret"; }                                         },
      {"user",
       {.user = "robot"},
       [](auto& c) { return c.server == "https://one:6443" && c.client_key_pem == "KEY"; }                                        },
      {"server",                            {.server = "https://three/"},      [](auto& c) { return c.server == "https://three"; }},
      {"server takes the name away",
       {.context = "prod", .server = "https://three"},
       [](auto& c) { return c.tls_server_name.empty(); }                                                                          },
      {"server and name",
       {.context = "prod", .server = "https://three", .tls_server_name = "n"},
       [](auto& c) { return c.tls_server_name == "n"; }                                                                           },
      {"token",                             {.token = "t2"},                   [](auto& c) { return c.token == "t2"; }            },
      {"token beside a certificate",
       {.context = "prod", .token = "t2"},
       [](auto& c) { return c.token == "t2" && !c.client_key_pem.empty(); }                                                       },
      {"username in place of a token",
       {.username = "u", .password = "p"},
       [](auto& c) { return c.token.empty() && c.username == "u" && c.password == "p"; }                                          },
      {"authority",
       {.certificate_authority = "/flag/ca"},
       [](auto& c) { return c.certificate_authority_pem == "FLAG CA"; }                                                           },
      {"authority in place of no check",
       {.context = "prod", .certificate_authority = "/flag/ca"},
       [](auto& c) { return !c.insecure_skip_tls_verify; }                                                                        },
      {"no check in place of an authority",
       {.insecure_skip_tls_verify = true},
       [](auto& c) { return c.insecure_skip_tls_verify && c.certificate_authority_pem.empty(); }                                  },
      {"client certificate",
       {.client_certificate = "/flag/cert", .client_key = "/flag/key"},
       [](auto& c) {
         return c.client_certificate_pem == "FLAG CERT" && c.client_key_pem == "FLAG KEY";
       }                                                                                                                          },
      {"proxy",
       {.proxy_url = "socks5://p:1"},
       [](auto& c) { return c.proxy_url == "socks5://p:1"; }                                                                      },
      {"impersonation",
       {.as = "x", .as_groups = {"g"}, .as_uid = "u"},
       [](auto& c) {
         return c.as == "x" && c.as_groups == std::vector<std::string>{"g"} && c.as_uid == "u";
       }                                                                                                                          },
      {"compression",                       {.disable_compression = true},     [](auto& c) { return c.disable_compression; }      },
      {"timeout",                           {.request_timeout = 5_s},          [](auto& c) { return c.request_timeout == 5_s; }   },
  };
  const Files files = {
      {"/flag/ca",   "FLAG CA"  },
      {"/flag/cert", "FLAG CERT"},
      {"/flag/key",  "FLAG KEY" }
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<ConnectionConfig> config = load(basic, row.overrides, files);
    REQUIRE(config);
    CHECK(row.holds(*config));
  }
}

TEST_CASE("a server needs no scheme") {
  CHECK(load(basic, {.server = "three:8443"})->server == "https://three:8443");
  const Result<ConnectionConfig> plain =
      load_connection_config({.server = "localhost:8080"}, environment_of({}, {}));
  REQUIRE(plain);
  CHECK(plain->server == "http://localhost:8080");
  CHECK(plain->namespace_ == "default");
}

TEST_CASE("of several files the first to name something wins, entry by entry") {
  const Files files = {
      {"/a",     "current-context: x\nusers: [{name: me, user: {token: of-a}}]"                },
      {"/b",     R"(
current-context: other
contexts: [{name: x, context: {cluster: c, user: me}}]
clusters: [{name: c, cluster: {server: "https://b"}}]
users: [{name: me, user: {token: of-b, as: somebody}}])"                                                                           },
      {"/c",     R"(clusters: [{name: c, cluster: {server: "https://c", tls-server-name: n}}])"},
      {"/empty", ""                                                                            },
  };
  const Result<ConnectionConfig> config = load_connection_config(
      {
  },
      environment_of(files, {{"KUBECONFIG", "/empty:/missing:/a::/b:/c"}, {"HOME", "/home"}}));
  REQUIRE(config);
  CHECK(config->server == "https://b");
  CHECK(config->token == "of-a");
  // Entries are never mixed: me of /b is left out whole.
  CHECK(config->as.empty());
  CHECK(config->tls_server_name.empty());
}

TEST_CASE("the flag's file is the only one") {
  const Files files = {
      {"/home/.kube/config", basic                            },
      {"/flag",
       "current-context: z\ncontexts: [{name: z, context: {cluster: c}}]\n"
       "clusters: [{name: c, cluster: {server: 'https://z'}}]"}
  };
  const Environment environment =
      environment_of(files, {
                                {"KUBECONFIG", "/home/.kube/config"},
                                {"HOME",       "/home"             }
  });
  CHECK(load_connection_config({.kubeconfig = "/flag"}, environment)->server == "https://z");
  CHECK(error_of_load(load_connection_config({.kubeconfig = "/none"}, environment)) ==
        "kubeconfig /none: no such file");
}

TEST_CASE("paths rest on the folder of the file that names them") {
  const Files files = {
      {"/etc/kube/config",     R"(
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://c", certificate-authority: pki/ca.crt}}]
users: [{name: u, user: {client-certificate: ../me.crt, client-key: /abs/me.key,
                         tokenFile: token}}])"   },
      {"/etc/kube/pki/ca.crt", "CA"  },
      {"/etc/me.crt",          "CERT"},
      {"/abs/me.key",          "KEY" },
      {"/etc/kube/token",      "t"   },
  };
  const Result<ConnectionConfig> config = load_connection_config(
      {
  },
      environment_of(files, {{"KUBECONFIG", "/etc/kube/config"}}));
  REQUIRE(config);
  CHECK(config->certificate_authority_pem == "CA");
  CHECK(config->client_certificate_pem == "CERT");
  CHECK(config->client_key_pem == "KEY");
  CHECK(config->token_file == "/etc/kube/token");
}

std::string with_user(const std::string& user) {
  return "current-context: x\n"
         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
         "clusters: [{name: c, cluster: {server: 'https://c', extensions: [\n"
         "  {name: client.authentication.k8s.io/exec, extension: {audience: a}}]}}]\n"
         "users: [{name: u, user: " +
         user + "}]";
}

TEST_CASE("exec plugins are read in full") {
  const Result<ConnectionConfig> config = load(with_user(R"({exec: {
    apiVersion: client.authentication.k8s.io/v1beta1, command: ./bin/tool, args: [a, "b c"],
    env: [{name: K, value: v}], installHint: brew install tool, provideClusterInfo: true,
    interactiveMode: Never}})"));
  REQUIRE(config);
  REQUIRE(config->exec);
  const ExecPlugin& plugin = *config->exec;
  CHECK(plugin.api_version == "client.authentication.k8s.io/v1beta1");
  CHECK(plugin.command == "/home/.kube/bin/tool");
  CHECK(plugin.arguments == std::vector<std::string>{"a", "b c"});
  CHECK(plugin.environment == std::vector<std::pair<std::string, std::string>>{
                                  {"K", "v"}
  });
  CHECK(plugin.install_hint == "brew install tool");
  CHECK(plugin.provide_cluster_info);
  CHECK(plugin.interaction == ExecPlugin::Interaction::never);
  CHECK(plugin.cluster_config == R"({"audience":"a"})");

  const std::string bare = with_user(
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: "
      "IfAvailable}}");
  CHECK(load(bare)->exec->command == "aws");
  // Who has another credential needs no plugin.
  CHECK_FALSE(load(bare, {.token = "t"})->exec);
}

TEST_CASE("impersonation is read in full") {
  const Result<ConnectionConfig> config = load(with_user(
      "{token: t, as: x, as-uid: u, as-groups: [g, h], as-user-extra: {scopes: [view, edit]}}"));
  REQUIRE(config);
  CHECK(config->as == "x");
  CHECK(config->as_uid == "u");
  CHECK(config->as_groups == std::vector<std::string>{"g", "h"});
  CHECK(config->as_extra == std::vector<std::pair<std::string, std::string>>{
                                {"scopes", "view"},
                                {"scopes", "edit"}
  });
}

TEST_CASE("mistakes are named by file and entry") {
  const std::string at = "/home/.kube/config: ";
  const std::string exec = "{exec: {apiVersion: client.authentication.k8s.io/";
  struct Row {
    const char* name;
    std::string text;
    std::string want;
  };
  const Row rows[] = {
      {"no mapping", "- a", at.substr(0, at.size() - 2) + ": found a list, expected a mapping"},
      {"contexts", "contexts: {a: b}", at + "contexts: found a mapping, expected a list"},
      {"an entry", "users: [a]", at + "users[0]: found text, expected a mapping"},
      {"a name", "users: [{user: {}}]", at + "users[0].name: found nothing, expected text"},
      {"a number as name", "users: [{name: 5}]",
       at + "users[0].name: found a number, expected text"},
      {"twice", "clusters: [{name: a}, {name: a}]",
       at + "clusters[1]: a second cluster named \"a\""},
      {"current-context", "current-context: [a]",
       at + "current-context: found a list, expected text"},
      {"unknown context", "current-context: a",
       at + "current-context: found \"a\", but no kubeconfig has a context of that name"},
      {"unknown cluster", "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]",
       at + "context a: cluster: found \"b\", but no kubeconfig has a cluster of that name"},
      {"unknown user", with_user("{}") + "\npreferences: {}", ""},
      {"no context", "users: [{name: a, user: {token: t}}]",
       "kubeconfig: no context is chosen, so there is no server"},
      {"number as token", with_user("{token: 123}"),
       at + "user u: token: found a number, expected text"},
      {"bad base64", with_user("{client-certificate-data: '*'}"),
       at + "user u: client-certificate-data: is not base64"},
      {"missing file", with_user("{client-certificate: c.pem}"),
       at + "user u: client-certificate: /home/.kube/c.pem: no such file"},
      {"unreadable file", with_user("{client-key: /secret}"),
       at + "user u: client-key: /secret: Permission denied"},
      {"missing token file", with_user("{tokenFile: t}"),
       at + "user u: tokenFile: /home/.kube/t: no such file"},
      {"certificate alone", with_user("{client-certificate-data: Q0VSVA==}"),
       "user: has a client certificate without its key"},
      {"key alone", with_user("{client-key-data: Q0VSVA==}"),
       "user: has a client key without its certificate"},
      {"two credentials", with_user("{token: t, username: u}"),
       "user: has both a token and a username"},
      {"groups alone", with_user("{token: t, as-groups: [g]}"),
       "user: impersonates a uid, groups or extras but no user"},
      {"groups no list", with_user("{as-groups: g}"),
       at + "user u: as-groups: found text, expected a list"},
      {"extra no list", with_user("{as: x, as-user-extra: {s: v}}"),
       at + "user u: as-user-extra: s: found text, expected a list"},
      {"line break in a token", with_user("{token: \"a\\nb\"}"),
       "token: holds a control character, as a line break"},
      {"old plugin", with_user(exec + "v1alpha1, command: a}}"),
       at + "user u: exec: apiVersion: found \"client.authentication.k8s.io/v1alpha1\", expected "
            "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"},
      {"plugin without version", with_user("{exec: {command: a}}"),
       at + "user u: exec: apiVersion: found \"\", expected client.authentication.k8s.io/v1 or "
            "client.authentication.k8s.io/v1beta1"},
      {"plugin without command", with_user(exec + "v1}}"),
       at + "user u: exec: command: is missing"},
      {"plugin's mode", with_user(exec + "v1, command: a, interactiveMode: Perhaps}}"),
       at + "user u: exec: interactiveMode: found \"Perhaps\", expected Never, IfAvailable or "
            "Always"},
      {"plugin's variable", with_user(exec + "v1, command: a, env: [{value: v}]}}"),
       at + "user u: exec: env[0]: name: found \"\""},
      {"plugin's arguments", with_user(exec + "v1, command: a, args: [1]}}"),
       at + "user u: exec: args[0]: found a number, expected text"},
      {"plugin no mapping", with_user("{exec: tool}"),
       at + "user u: exec: found text, expected a mapping"},
      {"auth provider", with_user("{auth-provider: {name: gcp}}"),
       at + "user u: auth-provider: found the auth provider \"gcp\"; Kubernetes replaced these by "
            "exec plugins"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<ConnectionConfig> result = load(row.text,
                                                 {
    },
                                                 {{"/secret", "SECRET"}});
    if (row.want.empty()) {
      CHECK(result);
    } else {
      CHECK(error_of_load(result) == row.want);
    }
  }
}

TEST_CASE("what is no YAML is named by line") {
  const std::string error = error_of_load(load("contexts:\n- name: a\n  context: {cluster: b\n"));
  CHECK(error.starts_with("/home/.kube/config: line "));
}

TEST_CASE("a mistake in an entry that nobody chose does no harm") {
  CHECK(load(std::string(basic) + "- name: broken\n  user: {token: 5, auth-provider: {}}\n"));
}

TEST_CASE("bad flags are named") {
  struct Row {
    const char* name;
    ConfigOverrides overrides;
    const char* want;
  };
  const Row rows[] = {
      {"context",
       {.context = "none"},
       "--context: found \"none\", but no kubeconfig has a context of that name"},
      {"cluster",
       {.cluster = "none"},
       "--cluster: found \"none\", but no kubeconfig has a cluster of that name"},
      {"user",
       {.user = "none"},
       "--user: found \"none\", but no kubeconfig has a user of that name"      },
      {"server",
       {.server = "ftp://a"},
       "server: found \"ftp://a\", expected an address like https://host:6443"  },
      {"no host",
       {.server = "https://"},
       "server: found \"https://\", expected an address like https://host:6443" },
      {"proxy",
       {.proxy_url = "ftp://a"},
       "proxy-url: found \"ftp://a\", expected http://, https:// or socks5://"  },
      {"authority",
       {.certificate_authority = "/none"},
       "--certificate-authority: /none: no such file"                           },
      {"authority and no check",
       {.certificate_authority = "/ca", .insecure_skip_tls_verify = true},
       "cluster: has both certificate-authority and insecure-skip-tls-verify"   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(error_of_load(load(basic, row.overrides,
                             {
                                 {"/ca", "CA"}
    })) == row.want);
  }
}

// --- In a pod.

const std::string account = "/var/run/secrets/kubernetes.io/serviceaccount/";
const Files pod_files = {
    {account + "token",     "t"   },
    {account + "ca.crt",    "CA"  },
    {account + "namespace", "ns\n"},
};
const Variables pod_variables = {
    {"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
    {"KUBERNETES_SERVICE_PORT", "443"     },
};

TEST_CASE("inside a pod the service account serves") {
  Result<ConnectionConfig> config =
      load_connection_config({}, environment_of(pod_files, pod_variables));
  REQUIRE(config);
  CHECK(config->in_cluster);
  CHECK(config->server == "https://10.0.0.1:443");
  CHECK(config->token_file == account + "token");
  CHECK(config->certificate_authority_pem == "CA");
  CHECK(config->namespace_ == "ns");

  Variables variables = pod_variables;
  variables["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  variables["POD_NAMESPACE"] = "mine";
  config = load_connection_config({}, environment_of(pod_files, variables));
  REQUIRE(config);
  CHECK(config->server == "https://[fd00::1]:443");
  CHECK(config->namespace_ == "mine");

  config = load_connection_config({.namespace_ = "flag"}, environment_of(pod_files, variables));
  CHECK(config->namespace_ == "flag");
}

TEST_CASE("inside a pod a kubeconfig still wins") {
  Files files = pod_files;
  files["/k"] = basic;
  Variables variables = pod_variables;
  variables["KUBECONFIG"] = "/k";
  CHECK(load_connection_config({}, environment_of(files, variables))->server == "https://one:6443");
  CHECK(
      load_connection_config({.kubeconfig = "/k"}, environment_of(files, pod_variables))->server ==
      "https://one:6443");
  // An empty one says nothing.
  files["/k"] = "apiVersion: v1\nkind: Config\n";
  CHECK(load_connection_config({}, environment_of(files, variables))->in_cluster);
}

TEST_CASE("without any configuration the error says where it was looked for") {
  CHECK(error_of_load(load_connection_config(
            {
  },
            environment_of({}, {{"HOME", "/home"}}))) ==
        "kubeconfig: there is none: looked for /home/.kube/config");
  CHECK(error_of_load(load_connection_config({}, environment_of({}, {}))) ==
        "kubeconfig: there is none: HOME is not set");
  CHECK(error_of_load(load_connection_config(
            {
  },
            environment_of({}, {{"KUBECONFIG", "/a:/b"}}))) ==
        "kubeconfig: there is none: looked for /a, /b");
  CHECK(error_of_load(load_connection_config({}, environment_of({}, pod_variables))) ==
        "service account: " + account + "token: no such file (check the path)");
}

}  // namespace
}  // namespace slipway::kubernetes
