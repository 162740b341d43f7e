// The commands. Each adds itself to the grammar; the function behind it fills a report, and throws tuf::Error
// for everything that is not success.
#pragma once

#include "agent/cli/grammar.h"
#include "agent/report/report.h"
#include "agent/work/run.h"

namespace agent {

void add_sign(Grammar& grammar);
void add_revoke(Grammar& grammar);
void add_list(Grammar& grammar);
void add_verify(Grammar& grammar);
void add_inspect(Grammar& grammar);
void add_expiry(Grammar& grammar);
void add_doctor(Grammar& grammar);
void add_repo_init(Grammar& grammar);
void add_repo_pin(Grammar& grammar);
void add_repo_refresh(Grammar& grammar);
void add_repo_rotate(Grammar& grammar);
void add_repo_prepare(Grammar& grammar);
void add_repo_repair(Grammar& grammar);
void add_repo_delete(Grammar& grammar);
void add_signer_add(Grammar& grammar);
void add_signer_remove(Grammar& grammar);
void add_signer_rotate(Grammar& grammar);
void add_delegations(Grammar& grammar);  // delegation add, remove, purge
void add_delegation_list(Grammar& grammar);
void add_witness(Grammar& grammar);
void add_receipt(Grammar& grammar);  // receipt verify
void add_audit(Grammar& grammar);    // audit verify
void add_key_generate(Grammar& grammar);
void add_key_import(Grammar& grammar);
void add_key_list(Grammar& grammar);
void add_key_certificates(Grammar& grammar);  // key cert, csr
void add_key_export(Grammar& grammar);
void add_key_remove(Grammar& grammar);
void add_key_passwd(Grammar& grammar);
void add_tokens(Grammar& grammar);  // token …
void add_help(Grammar& grammar);
void add_version(Grammar& grammar);

}  // namespace agent
