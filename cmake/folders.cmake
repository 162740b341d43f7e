# One folder is one library: one row each, lowest first, with what it may use of the others and of other people's
# libraries. tests/arrows reads the rows and holds every #include to them; `scripts/arrows` draws docs/architecture.md's
# picture of what the code really includes.

set(TUF tuf/base tuf/json tuf/keys tuf/names tuf/metadata tuf/trust tuf/edit tuf/view)
set(HSM hsm/os hsm hsm/file hsm/pkcs11 hsm/certificate)
set(BELOW_WORK agent/names agent/http agent/image agent/policy agent/store agent/config)

countersign_folder(tuf/base LINKS nlohmann_json::nlohmann_json OpenSSL::Crypto)
countersign_folder(tuf/json USES tuf/base)
countersign_folder(tuf/keys USES tuf/base tuf/json)
countersign_folder(tuf/names USES tuf/base tuf/json)
countersign_folder(tuf/metadata USES tuf/base tuf/json tuf/keys tuf/names)
countersign_folder(tuf/trust USES tuf/base tuf/json tuf/keys tuf/names tuf/metadata)
countersign_folder(tuf/edit USES tuf/base tuf/json tuf/keys tuf/names tuf/metadata tuf/trust)
countersign_folder(tuf/view USES tuf/base tuf/json tuf/keys tuf/names tuf/metadata tuf/trust tuf/edit)

countersign_folder(hsm/os USES tuf/base)
countersign_folder(hsm USES tuf/base tuf/keys hsm/os)
countersign_folder(hsm/file USES tuf/base tuf/keys hsm/os hsm)
countersign_folder(hsm/pkcs11 USES tuf/base tuf/keys hsm/os hsm
  LINKS PkgConfig::libp11 PkgConfig::p11kit ${CMAKE_DL_LIBS})
countersign_folder(hsm/certificate USES tuf/base tuf/keys tuf/names)

countersign_folder(agent/names USES tuf/base tuf/names LINKS ${countersign_log})
countersign_folder(agent/http USES tuf/base tuf/json tuf/keys tuf/names hsm/os hsm hsm/file agent/names
  LINKS ${countersign_curl} OpenSSL::SSL ${CMAKE_DL_LIBS})
countersign_folder(agent/image USES tuf/base tuf/json tuf/names tuf/metadata hsm/os agent/names agent/http)
countersign_folder(agent/image/listed USES tuf/base tuf/json hsm/os agent/names agent/image LINKS ${countersign_yaml})
# Pure: it never sees http, a store or a file.
countersign_folder(agent/policy USES ${TUF} hsm/file agent/names)
countersign_folder(agent/store USES ${TUF} hsm/os hsm hsm/file agent/http)
countersign_folder(agent/config USES ${TUF} hsm/os hsm hsm/file agent/names agent/http)
# What is signed must not change with what is printed: no report is evidence, and reports know of none.
countersign_folder(agent/evidence USES ${TUF} ${HSM} agent/names)
# The use cases: no argument list, no text.
countersign_folder(agent/work USES ${TUF} ${HSM} ${BELOW_WORK} agent/evidence agent/image/listed)
countersign_folder(agent/report USES ${TUF} hsm ${BELOW_WORK} agent/work)
countersign_folder(agent/doctor USES ${TUF} ${HSM} ${BELOW_WORK} agent/work agent/report)
countersign_folder(agent/cli USES ${TUF} ${HSM} ${BELOW_WORK} agent/evidence agent/image/listed agent/work agent/report
  agent/doctor LINKS CLI11::CLI11)
