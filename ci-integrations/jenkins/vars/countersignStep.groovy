// What countersign and countersignVerify share. All input reaches the shell in variables; its script is one constant
// text. What lives across a step is a String, a number, or a List or Map of them: a build survives a restart.
import groovy.json.JsonException
import groovy.json.JsonSlurperClassic
import groovy.transform.Field

// Argument -> variable of countersign.sh.
@Field static final Map TEXTS = [
  server: 'COUNTERSIGN_SERVER', caCert: 'COUNTERSIGN_CA_CERT', trustRoot: 'COUNTERSIGN_TRUST_ROOT',
  trustDir: 'COUNTERSIGN_TRUST_DIR', policy: 'COUNTERSIGN_POLICY', image: 'COUNTERSIGN_IMAGE',
  metadataFile: 'COUNTERSIGN_METADATA_FILE', digestFile: 'COUNTERSIGN_DIGEST_FILE',
  ociLayout: 'COUNTERSIGN_OCI_LAYOUT', receipt: 'COUNTERSIGN_RECEIPT',
  imagesFrom: 'COUNTERSIGN_IMAGES_FROM',
]
@Field static final Map LISTS = [
  images: 'COUNTERSIGN_IMAGES', key: 'COUNTERSIGN_KEY', roles: 'COUNTERSIGN_ROLES',
  annotations: 'COUNTERSIGN_ANNOTATIONS',
]
@Field static final Map FLAGS = [dryRun: 'COUNTERSIGN_DRY_RUN', allowMove: 'COUNTERSIGN_ALLOW_MOVE']
@Field static final List OTHERS = [
  'pinCredentialsId', 'passphraseCredentialsId', 'keyFileCredentialsId', 'loginCredentialsId',
  'name', 'junit', 'archive',
]

Map call(String command, Map args) {
  String mistake = mistakeIn(args)
  if (mistake) { error("countersign ${command}: ${mistake}") }
  String name = args.name ?: "countersign-${command}"
  boolean withJunit = args.junit != false
  int status = -1
  // In this order: while the inputs are put into variables, no secret is in one yet.
  withEnv(environment(command, args, name, withJunit)) {
    withCredentials(bindings(args)) {
      status = sh(script: libraryResource('countersign.sh'), label: "countersign ${command}", returnStatus: true)
    }
  }
  Map result = [:]
  try {
    result = summaryOf(readFile("${name}.json"), status, args.receipt?.toString())
  } catch (IOException ignored) {
    echo("countersign ${command}: no result in ${name}.json")  // the log says why
  }
  for (int i = 0; i < result.warnings?.size(); i++) { echo("countersign warning ${result.warnings[i]}") }
  if (withJunit) { junit(testResults: "${name}.xml", allowEmptyResults: true) }
  if (args.archive != false) {
    String artifacts = args.receipt ? "${name}.json,${args.receipt}" : "${name}.json"
    archiveArtifacts(artifacts: artifacts, allowEmptyArchive: true)
  }
  if (status != 0) {
    error("countersign ${command}: ${result.error ?: 'failed before it could say why'} (exit ${status})")
  }
  return result
}

List bindings(Map args) {
  List found = []
  if (args.pinCredentialsId) {
    found.add(string(credentialsId: args.pinCredentialsId, variable: 'COUNTERSIGN_PIN'))
  }
  if (args.passphraseCredentialsId) {
    found.add(string(credentialsId: args.passphraseCredentialsId,
                     variable: 'DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE'))
  }
  if (args.keyFileCredentialsId) {
    found.add(file(credentialsId: args.keyFileCredentialsId, variable: 'COUNTERSIGN_KEY_FILE'))
  }
  if (args.loginCredentialsId) {
    found.add(usernamePassword(credentialsId: args.loginCredentialsId, usernameVariable: 'COUNTERSIGN_USERNAME',
                               passwordVariable: 'COUNTERSIGN_PASSWORD'))
  }
  return found
}

// A list from a list, a map (KEY=VALUE) or one text; each entry as one line.
@NonCPS
private static List entriesOf(Object value) {
  if (value == null) { return [] }
  if (value instanceof Map) { return value.collect { key, one -> "${key}=${one}".toString() } }
  if (value instanceof Collection) { return value*.toString() }
  return [value.toString()]
}

@NonCPS
private static String mistakeIn(Map args) {
  Collection known = TEXTS.keySet() + LISTS.keySet() + FLAGS.keySet() + OTHERS
  for (key in args.keySet()) {
    if (!known.contains(key.toString())) { return "no argument is called ${key}" }
  }
  for (key in LISTS.keySet()) {
    String refused = key == 'images' ? '\\s' : '[\\r\\n]'
    boolean isRefused = entriesOf(args[key]).any { entry -> entry =~ refused }
    if (isRefused) { return "an entry of ${key} holds a blank or a line break" }
  }
  for (key in FLAGS.keySet()) {
    if (args[key] != null && !(args[key] instanceof Boolean)) { return "${key} is neither true nor false" }
  }
  boolean isFileName = args.name == null || args.name.toString() ==~ /[A-Za-z0-9][A-Za-z0-9._-]{0,63}/
  return isFileName ? null : 'name is not the name of a file'
}

// Every variable is set, so that nothing of the agent's own environment decides what is signed.
@NonCPS
private static List environment(String command, Map args, String name, boolean withJunit) {
  Map found = [COUNTERSIGN_STEP: command, COUNTERSIGN_RESULT: "${name}.json",
               COUNTERSIGN_JUNIT: withJunit ? "${name}.xml" : '', COUNTERSIGN_DOTENV: '']
  TEXTS.each { key, variable -> found[variable] = args[key] ?: '' }
  LISTS.each { key, variable -> found[variable] = entriesOf(args[key]).join('\n') }
  FLAGS.each { key, variable -> found[variable] = args[key] == true }
  return found.collect { variable, value -> "${variable}=${value}".toString() }
}

@NonCPS
private static Map summaryOf(String json, int status, String receipt) {
  Map document = [:]
  try {
    document = (Map) new JsonSlurperClassic().parseText(json)
  } catch (JsonException ignored) {
    return [:]
  }
  List repositories = document.repositories ?: []
  List warnings = (document.warnings ?: []).collect { warning -> "${warning.code}: ${warning.message}".toString() }
  Map result = [ok: status == 0, exitCode: status, repositories: repositories, warnings: warnings, error: null]
  if (document.error) {
    result.error = "${document.error.code}: ${document.error.message}; ${document.error.hint ?: ''}".toString()
  }
  if (status != 0) { return result }  // nothing that a later stage could deploy
  List images = []
  Map versions = [:]
  for (repository in repositories) {
    images.addAll(repository.targets.collect { target -> "${repository.gun}@${target.digest}".toString() })
    versions[repository.gun] = (repository.roles ?: []).collectEntries { role -> [role.name, role.version] }
  }
  List targets = repositories*.targets.flatten()
  result.putAll([digest: targets ? targets[0].digest : null, images: images, versions: versions, receipt: receipt,
                 roles: targets*.roles.flatten().unique()])
  return result
}
