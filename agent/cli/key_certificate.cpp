// key cert, csr: certificates for keys that sign.
#include "agent/cli/commands.h"
#include "agent/cli/out_file.h"
#include "hsm/certificate/certificate_maker.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

struct KeyCertOptions {
  std::string key;
  std::string common_name;
  int days = 365;
  std::optional<std::string> out;
  bool request = false;  // `key csr`
};

void certify(const KeyCertOptions& options, Run& run, Report& report) {
  const std::shared_ptr<tuf::Signer> key = run.named_key(options.key);
  const std::string pem =
      options.request
          ? hsm::make_certificate_request(*key, options.common_name)
          : hsm::make_delegation_certificate(*key, options.common_name, run.now(), tuf::Days{options.days});
  OrderedJson described = {{"canonical_id", key->public_key().canonical_id().hex()}};
  if (!options.request) described["id"] = tuf::PublicKey::from_certificate(pem).id().hex();
  if (options.out) {
    if (write_out(*options.out, pem, run, report)) described["file"] = *options.out;
  } else {
    described["pem"] = pem;
    report.text = tuf::lines_of(pem);
  }
  report.more["certificate"] = std::move(described);
}

void add_certificate(Grammar& grammar, const std::string& name, const std::string& help, bool request) {
  auto options = std::make_shared<KeyCertOptions>();
  options->request = request;
  CLI::App* c = grammar.command(name, help, options, certify);
  add_operand(c, "key", options->key, "REF");
  require(add_value(c, "--cn", options->common_name, "Common name", "NAME"));
  if (!request) add_value(c, "--days", options->days, "Validity", "N");
  add_value(c, "--out", options->out, "File to write (default stdout)", "FILE");
  grammar.example(c,
                  "countersign " + name + " 9deed25 --cn jenkins --out jenkins." + (request ? "csr" : "crt"));
}

}  // namespace

void add_key_certificates(Grammar& grammar) {
  add_certificate(grammar, "key cert", "Self-signed certificate for a key", false);
  add_certificate(grammar, "key csr", "Certificate request for a key", true);
}

}  // namespace agent
