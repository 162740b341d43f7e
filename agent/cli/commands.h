// The commands: each fills a report, and throws tuf::Error for everything that is not success.
#pragma once

#include "agent/cli/command_line.h"
#include "agent/cli/runtime.h"
#include "agent/report/report.h"

namespace agent {

void run_command(const SignOptions& options, Runtime& runtime, Report& report);
void run_command(const ListOptions& options, Runtime& runtime, Report& report);
void run_command(const VerifyOptions& options, Runtime& runtime, Report& report);
void run_command(const InspectOptions& options, Runtime& runtime, Report& report);
void run_command(const ExpiryOptions& options, Runtime& runtime, Report& report);
void run_command(const RepoInitOptions& options, Runtime& runtime, Report& report);
void run_command(const RepoPinOptions& options, Runtime& runtime, Report& report);
void run_command(const SignerAddOptions& options, Runtime& runtime, Report& report);
void run_command(const DelegationAddOptions& options, Runtime& runtime, Report& report);
void run_command(const DelegationListOptions& options, Runtime& runtime, Report& report);
void run_command(const RepoRefreshOptions& options, Runtime& runtime, Report& report);
void run_command(const RepoRotateOptions& options, Runtime& runtime, Report& report);
void run_command(const RepoPrepareOptions& options, Runtime& runtime, Report& report);
void run_command(const RepoDeleteOptions& options, Runtime& runtime, Report& report);
void run_command(const RevokeOptions& options, Runtime& runtime, Report& report);
void run_command(const WitnessOptions& options, Runtime& runtime, Report& report);
void run_command(const SignerRemoveOptions& options, Runtime& runtime, Report& report);
void run_command(const SignerRotateOptions& options, Runtime& runtime, Report& report);
void run_command(const DelegationRemoveOptions& options, Runtime& runtime, Report& report);
void run_command(const DelegationPurgeOptions& options, Runtime& runtime, Report& report);
void run_command(const KeyGenerateOptions& options, Runtime& runtime, Report& report);
void run_command(const KeyImportOptions& options, Runtime& runtime, Report& report);
void run_command(const KeyListOptions& options, Runtime& runtime, Report& report);
void run_command(const KeyCertOptions& options, Runtime& runtime, Report& report);
void run_command(const TokenListOptions& options, Runtime& runtime, Report& report);

}  // namespace agent
