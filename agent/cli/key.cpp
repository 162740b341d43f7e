// key generate, import, list, cert, csr: keys in the trust directory and on tokens.
#include <algorithm>
#include <filesystem>

#include "agent/cli/commands.h"
#include "agent/cli/out_file.h"
#include "agent/names/image_reference.h"
#include "agent/report/key_report.h"
#include "agent/report/repository_report.h"
#include "agent/report/text_table.h"
#include "agent/work/administer.h"
#include "agent/work/key_uses.h"
#include "hsm/certificate/certificate_maker.h"
#include "hsm/file/open_key.h"
#include "hsm/os/private_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"
#include "tuf/keys/pem.h"

namespace agent {
namespace {

namespace fs = std::filesystem;
using tuf::Error;
using tuf::ErrorCode;

struct KeyGenerateOptions {
  std::string name;
  std::optional<std::string> token;
  std::string type = "p256";
  std::string out = ".";
};

struct KeyImportOptions {
  std::vector<std::string> files;
  std::optional<std::string> role;
  std::optional<std::string> repository;
};

struct KeyListOptions {};

struct KeyCertOptions {
  std::string key;
  std::string common_name;
  int days = 365;
  std::optional<std::string> out;
  bool request = false;  // `key csr`
};

fs::path public_key_path(const KeyGenerateOptions& options) {
  const fs::path path = fs::path(options.out) / (options.name + ".pub");
  if (fs::exists(fs::symlink_status(path))) {
    throw Error(ErrorCode::kLocal, tuf::printable(path.string()) + " exists already",
                "choose another name, or another folder with --out");
  }
  if (!fs::is_directory(options.out)) {
    const std::string folder = tuf::printable(options.out);
    if (fs::exists(options.out))
      throw Error(ErrorCode::kLocal, folder + " is not a folder", "choose another folder with --out");
    throw Error(ErrorCode::kLocal, "there is no folder " + folder,
                "make it with: mkdir -p " + tuf::shell_path(options.out));
  }
  return path;
}

/// Whether a key could be put into the trust directory, for who only rehearses it.
void require_place(Run& run) {
  run.key_store().list();
  hsm::require_folder(run.settings().trust_dir());
}

void generate(const KeyGenerateOptions& options, Run& run, Report& report) {
  require_signer_name(options.name);
  const auto algorithm = hsm::parse_key_algorithm(options.type);
  if (!algorithm) {
    throw Error(ErrorCode::kUsage, "\"" + tuf::printable(options.type) + "\" is not a type of key",
                "use p256, p384, rsa2048, rsa3072 or rsa4096");
  }
  const fs::path public_file = public_key_path(options);
  if (run.dry_run()) {
    if (options.token) {
      run.tokens().require_room(hsm::TokenUri::parse(*options.token), options.name, *algorithm);
    } else {
      run.secrets().passphrase(options.name);
      require_place(run);
    }
    hsm::require_writable(public_file);
    report.text.push_back("would make a key " + options.name + " and write " + public_file.string());
    return;
  }
  std::shared_ptr<tuf::Signer> key;
  OrderedJson described;
  if (options.token) {
    const auto token_key =
        run.tokens().generate_key(hsm::TokenUri::parse(*options.token), options.name, *algorithm);
    described["location"] = token_key->uri();
    const hsm::KeyOrigin origin = token_key->origin();
    described["local"] = origin.local.value_or(false);
    described["never_extractable"] = origin.never_extractable.value_or(false);
    key = token_key;
  } else {
    const hsm::Secret& passphrase = run.secrets().passphrase(options.name);
    auto file_key = std::make_shared<hsm::PrivateKey>(hsm::PrivateKey::generate(*algorithm));
    described["location"] = run.key_store().add(*file_key, options.name, "", passphrase).string();
    key = file_key;
  }
  hsm::write_new_private_file(public_file, hsm::format_public_key_pem(key->public_key(), options.name));
  described["canonical_id"] = key->public_key().canonical_id().hex();
  described["type"] = key->public_key().description();
  described["public_key"] = public_file.string();
  report.text = {"key         " + described["canonical_id"].get<std::string>(),
                 "type        " + key->public_key().description(),
                 "private     " + described["location"].get<std::string>(),
                 "public      " + public_file.string()};
  report.more["key"] = std::move(described);
}

void import_keys(const KeyImportOptions& options, Run& run, Report& report) {
  struct Import {
    hsm::PrivateKey key;
    std::string role;
    std::string gun;
  };
  std::vector<Import> imports;  // all of them are opened before any is stored
  for (const std::string& file : options.files) {
    for (const hsm::KeyPem& pem : hsm::read_key_file(file)) {
      const hsm::KeyPemHeaders& headers = pem.headers();
      const std::string role = !headers.role.empty() ? headers.role : options.role.value_or("delegation");
      std::string gun = headers.gun;
      if (gun.empty() && options.repository) gun = parse_repository(*options.repository).text();
      if (gun.empty() && (role == "targets" || role == "snapshot")) {
        throw Error(ErrorCode::kUsage, file + " holds a " + role + " key, but not for which repository",
                    "name the repository with --gun REPO");
      }
      imports.push_back({hsm::open_key(pem, file, role, run.secrets()), role, gun});
      run.secrets().passphrase(role);
    }
  }
  OrderedJson keys = OrderedJson::array();
  if (run.dry_run()) {
    require_place(run);
    for (const Import& import : imports)
      report.text.push_back("would import " + import.key.public_key().canonical_id().hex());
    return;
  }
  for (const Import& import : imports) {
    const fs::path path =
        run.key_store().add(import.key, import.role, import.gun, run.secrets().passphrase(import.role));
    const std::string id = import.key.public_key().canonical_id().hex();
    report.text.push_back("imported " + id + " (" + import.key.public_key().description() + ", " +
                          tuf::printable(import.role) + ")");
    keys.push_back(
        {{"canonical_id", id}, {"label", import.role}, {"gun", import.gun}, {"location", path.string()}});
  }
  report.more["keys"] = std::move(keys);
}

/// "a: targets/releases, targets/jenkins; b: root (trust root f036…)"
std::string shown_uses(const std::vector<KeyUse>& uses) {
  std::vector<std::string> by_repository;
  for (const KeyUse& use : uses) {
    by_repository.push_back(use.gun.text() + ": " + tuf::join(tuf::names_of(use.roles)) +
                            (use.trust_root ? " (trust root " + use.trust_root->hex() + ")" : ""));
  }
  return by_repository.empty() ? "-" : tuf::join(by_repository, "; ");
}

void list(const KeyListOptions&, Run& run, Report& report) {
  TextTable table({"KEY ID", "LABEL", "REPOSITORY", "TYPE", "LOCATION", "MAY SIGN"});
  OrderedJson keys = OrderedJson::array();
  std::vector<hsm::KeyInfo> all = run.keys().keys();
  std::sort(all.begin(), all.end(), [](const hsm::KeyInfo& a, const hsm::KeyInfo& b) {
    return std::tie(a.label, a.gun, a.canonical_id) < std::tie(b.label, b.gun, b.canonical_id);
  });
  auto uses = find_key_uses(run.settings().trust_dir(), run.now(), report.warnings);
  for (const hsm::KeyInfo& key : all) {
    const std::vector<KeyUse>& of_key = uses[key.canonical_id];
    // An encrypted file does not tell its type, but who lists the key does.
    const std::string type = key.public_key   ? key.public_key->description()
                             : of_key.empty() ? "encrypted"
                                              : of_key.front().key_type;
    table.add({key.canonical_id.hex(), key.label, key.gun.empty() ? "-" : key.gun, type, key.location,
               shown_uses(of_key)});
    OrderedJson described = describe_key(key);
    described["type"] = type;
    described["may_sign"] = OrderedJson::array();
    for (const KeyUse& use : of_key) {
      described["may_sign"].push_back({{"gun", use.gun.text()}, {"roles", tuf::names_of(use.roles)}});
      if (use.trust_root) described["may_sign"].back()["trust_root"] = use.trust_root->hex();
    }
    keys.push_back(std::move(described));
  }
  report.text = all.empty() ? std::vector<std::string>{"no keys"} : table.lines();
  report.more["keys"] = std::move(keys);
}

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
}

}  // namespace

void add_keys(Grammar& grammar) {
  auto generate_options = std::make_shared<KeyGenerateOptions>();
  CLI::App* c =
      grammar.command("key generate", "Make a signing key; writes NAME.pub", generate_options, generate);
  add_operand(c, "name", generate_options->name, "NAME");
  add_value(c, "--token", generate_options->token, "Make it on this token", "URI");
  add_value(c, "--type", generate_options->type, "p256, p384, rsa2048, rsa3072 or rsa4096", "TYPE");
  add_value(c, "--out", generate_options->out, "Folder for NAME.pub", "DIR");

  auto import_options = std::make_shared<KeyImportOptions>();
  c = grammar.command("key import", "Put private keys into the trust directory", import_options, import_keys);
  add_operand(c, "file", import_options->files, "FILE");
  add_value(c, "--role", import_options->role, "Label for keys that carry none", "LABEL");
  add_value(c, "--gun", import_options->repository, "Repository of targets and snapshot keys that name none",
            "REPO");

  grammar.command("key list", "Keys at hand", std::make_shared<KeyListOptions>(), list);
  add_certificate(grammar, "key cert", "Self-signed certificate for a key", false);
  add_certificate(grammar, "key csr", "Certificate request for a key", true);
}
}  // namespace agent
