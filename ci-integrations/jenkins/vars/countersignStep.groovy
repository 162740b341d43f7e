// What countersign and countersignVerify share. All input reaches the shell in variables; its script is one constant text.
// Everything that lives across a step is a String, a number, or a List or Map of them: a build survives a restart.
import groovy.json.JsonSlurperClassic
import groovy.transform.Field

// Argument -> variable of countersign.sh.
@Field static final Map TEXTS = [
  server: 'COUNTERSIGN_SERVER', caCert: 'COUNTERSIGN_CA_CERT', trustRoot: 'COUNTERSIGN_TRUST_ROOT',
  trustDir: 'COUNTERSIGN_TRUST_DIR', policy: 'COUNTERSIGN_POLICY', image: 'COUNTERSIGN_IMAGE',
  metadataFile: 'COUNTERSIGN_METADATA_FILE', ociLayout: 'COUNTERSIGN_OCI_LAYOUT', receipt: 'COUNTERSIGN_RECEIPT',
  imagesFrom: 'COUNTERSIGN_IMAGES_FROM',
]
@Field static final Map LISTS = [
  images: 'COUNTERSIGN_IMAGES', key: 'COUNTERSIGN_KEY', roles: 'COUNTERSIGN_ROLES', annotations: 'COUNTERSIGN_ANNOTATIONS',
]
@Field static final Map FLAGS = [dryRun: 'COUNTERSIGN_DRY_RUN', allowMove: 'COUNTERSIGN_ALLOW_MOVE']
@Field static final List CREDENTIALS = ['pinCredentialsId', 'passphraseCredentialsId', 'keyFileCredentialsId', 'loginCredentialsId']
@Field static final List OTHERS = ['name', 'junit', 'archive']

def call(String command, Map args) {
  String mistake = mistakeIn(args)
  if (mistake) { error("countersign ${command}: ${mistake}") }
  String name = args.name ?: "countersign-${command}"
  boolean withJunit = args.junit != false
  int status = -1
  withEnv(environment(args, name, withJunit)) {
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
    archiveArtifacts(artifacts: args.receipt ? "${name}.json,${args.receipt}" : "${name}.json", allowEmptyArchive: true)
  }
  if (status != 0) { error("countersign ${command}: ${result.error ?: 'failed before it could say why'} (exit ${status})") }
  return result
}

List bindings(Map args) {
  List found = []
  if (args.pinCredentialsId) { found.add(string(credentialsId: args.pinCredentialsId, variable: 'COUNTERSIGN_PIN')) }
  if (args.passphraseCredentialsId) {
    found.add(string(credentialsId: args.passphraseCredentialsId, variable: 'DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE'))
  }
  if (args.keyFileCredentialsId) { found.add(file(credentialsId: args.keyFileCredentialsId, variable: 'COUNTERSIGN_KEY_FILE')) }
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
  if (value instanceof Collection) { return value.collect { it.toString() } }
  return [value.toString()]
}

@NonCPS
private static String mistakeIn(Map args) {
  Collection known = TEXTS.keySet() + LISTS.keySet() + FLAGS.keySet() + CREDENTIALS + OTHERS
  for (key in args.keySet()) {
    if (!known.contains(key.toString())) { return "there is no argument ${key}; there are ${known.sort().join(', ')}".toString() }
  }
  for (key in LISTS.keySet()) {
    for (entry in entriesOf(args[key])) {
      if (entry =~ (key == 'images' ? /\s/ : /[\r\n]/)) { return "an entry of ${key} holds a blank or a line break".toString() }
    }
  }
  for (key in FLAGS.keySet()) {
    if (args[key] != null && !(args[key] instanceof Boolean)) { return "${key} is neither true nor false".toString() }
  }
  if (args.name != null && !(args.name.toString() ==~ /[A-Za-z0-9][A-Za-z0-9._-]{0,63}/)) { return 'name is not the name of a file' }
  return null
}

// withEnv would replace ${NAME} in a value by the variable of that name.
@NonCPS
private static String assignment(String variable, Object value) {
  return variable + '=' + value.toString().replace('$', '$$')
}

// Every variable is set, so that nothing of the agent's own environment decides what is signed.
@NonCPS
private static List environment(Map args, String name, boolean withJunit) {
  List found = [assignment('COUNTERSIGN_RESULT', "${name}.json"), assignment('COUNTERSIGN_JUNIT', withJunit ? "${name}.xml" : ''),
                'COUNTERSIGN_DOTENV=']
  TEXTS.each { key, variable -> found.add(assignment(variable, args[key] ?: '')) }
  LISTS.each { key, variable -> found.add(assignment(variable, entriesOf(args[key]).join('\n'))) }
  FLAGS.each { key, variable -> found.add(assignment(variable, args[key] == true)) }
  return found
}

@NonCPS
private static Map summaryOf(String json, int status, String receipt) {
  Map document = [:]
  try { document = (Map) new JsonSlurperClassic().parseText(json) } catch (Exception ignored) { return [:] }
  List digests = [], images = [], roles = []
  Map versions = [:]
  for (repository in (document.repositories ?: [])) {
    versions[repository.gun] = [:]
    for (role in (repository.roles ?: [])) { versions[repository.gun][role.name] = role.version }
    for (target in (repository.targets ?: [])) {
      digests.add(target.digest)
      images.add("${repository.gun}@${target.digest}".toString())
      roles.addAll(target.roles ?: [])
    }
  }
  Map result = [ok: status == 0, exitCode: status, repositories: document.repositories, error: null,
                warnings: (document.warnings ?: []).collect { "${it.code}: ${it.message}".toString() }]
  if (document.error) { result.error = "${document.error.code}: ${document.error.message}; ${document.error.hint}".toString() }
  if (status == 0) {
    result.putAll([digest: digests ? digests[0] : null, images: images, roles: roles.unique(), versions: versions, receipt: receipt])
  }
  return result
}
