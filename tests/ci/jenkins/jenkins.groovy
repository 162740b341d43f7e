// Runs Jenkinsfiles with a shared library as Jenkins does, on the same Groovy: jenkins.groovy CONFIG.json RESULT.json
//   CONFIG: library, environment, builds: [{jenkinsfile, workspace, log, raw, params, credentials}]
// Terminate it to abort the running build. Steps are real: sh starts a shell, withCredentials binds and masks, and
// whatever goes into a step or comes out of one must be serialisable.
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.customizers.ImportCustomizer

@interface NonCPS {}

class Failed extends RuntimeException { Failed(String message) { super(message) } }
class Aborted extends RuntimeException { Aborted() { super('Aborted') } }
class Binding_ implements Serializable { String kind; Map arguments }

class Console {
  File file, raw
  Set masks = [] as LinkedHashSet
  void line(Object text) {
    raw.append("${text}\n", 'UTF-8')
    String shown = text.toString()
    masks.findAll { it }.sort { -it.size() }.each { shown = shown.replace(it, '****') }
    file.append("${shown}\n", 'UTF-8')
  }
}

class Build {
  Map config
  Console console
  File workspace
  Map environment, params, library = [:]
  Map currentBuild = [result: 'SUCCESS', currentResult: 'SUCCESS', number: 1]
  List junit = [], archived = []
  File libraryFolder
  volatile Process process
  volatile boolean aborted = false

  static final List STEPS = ['echo', 'error', 'sh', 'withEnv', 'withCredentials', 'string', 'file', 'usernamePassword', 'readFile',
    'writeFile', 'fileExists', 'junit', 'archiveArtifacts', 'libraryResource', 'readJSON', 'writeJSON', 'node', 'stage', 'script',
    'unstable', 'dir', 'timeout', 'retry', 'catchError', 'checkout', 'stash', 'unstash']

  Object step(String name, Object[] arguments) {
    if (library[name]) { return library[name].invokeMethod('call', arguments) }
    if (!STEPS.contains(name)) { throw new Failed("No such DSL method '${name}' found among steps") }
    if (aborted) { throw new Aborted() }
    arguments.each { if (!(it instanceof Closure)) { serialise(it, "an argument of ${name}") } }
    Object result = this."${name}_"(*arguments)
    serialise(result, "the result of ${name}")
    return result
  }

  static void serialise(Object value, String what) {
    try {
      new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(value)
    } catch (NotSerializableException e) {
      throw new IllegalStateException("NotSerializableException: ${what}: ${e.message}")
    }
  }

  void echo_(Object text) { console.line(text) }
  void error_(Object text) { throw new Failed(text instanceof Map ? text.message.toString() : text.toString()) }
  void unstable_(Object text) { currentBuild.result = 'UNSTABLE'; console.line("WARNING: ${text instanceof Map ? text.message : text}") }

  Object sh_(Object argument) {
    Map m = argument instanceof Map ? argument : [script: argument]
    String text = m.script.toString()
    File folder = new File("${workspace.path}@tmp/durable-${UUID.randomUUID()}")
    folder.mkdirs()
    File file = new File(folder, 'script.sh')
    file.setText(text, 'UTF-8')
    file.executable = true
    if (m.label) { console.line("[Pipeline] sh (${m.label})") }
    ProcessBuilder builder = new ProcessBuilder(text.startsWith('#!') ? [file.path] : ['sh', '-xe', file.path])
    builder.directory(workspace)
    builder.environment().clear()
    environment.each { name, value -> builder.environment().put(name.toString(), value.toString()) }
    builder.redirectInput(new File('/dev/null'))
    if (!m.returnStdout) { builder.redirectErrorStream(true) }
    Process started = builder.start()
    process = started
    StringBuilder out = new StringBuilder()
    Thread errors = m.returnStdout ? Thread.start { started.errorStream.eachLine('UTF-8') { console.line(it) } } : null
    started.inputStream.eachLine('UTF-8') { m.returnStdout ? out.append(it).append('\n') : console.line(it) }
    errors?.join()
    int status = started.waitFor()
    process = null
    folder.deleteDir()
    if (aborted) { throw new Aborted() }
    if (m.returnStatus) { return status }
    if (status) { throw new Failed("script returned exit code ${status}") }
    return m.returnStdout ? out.toString() : null
  }

  Object within(Map more, Closure body) {
    Map before = new LinkedHashMap(environment)
    environment.putAll(more)
    try { return body() } finally { environment.clear(); environment.putAll(before) }
  }

  Object withEnv_(List assignments, Closure body) {
    Map more = [:]
    assignments.each { String one = it.toString(); int at = one.indexOf('='); more[one.substring(0, at)] = one.substring(at + 1) }
    return within(more, body)
  }

  Object string_(Map m) { new Binding_(kind: 'string', arguments: m) }
  Object file_(Map m) { new Binding_(kind: 'file', arguments: m) }
  Object usernamePassword_(Map m) { new Binding_(kind: 'usernamePassword', arguments: m) }

  Object withCredentials_(List bindings, Closure body) {
    Map more = [:]
    List files = []
    for (binding in bindings) {
      Map m = binding.arguments
      Map found = config.credentials[m.credentialsId]
      if (found == null || found.kind != binding.kind) {
        throw new Failed("CredentialNotFoundException: Could not find credentials entry with ID '${m.credentialsId}'")
      }
      if (binding.kind == 'string') {
        more[m.variable] = found.value
        console.masks.add(found.value)
      } else if (binding.kind == 'usernamePassword') {
        more[m.usernameVariable] = found.user
        more[m.passwordVariable] = found.password
        console.masks.add(found.password)
      } else {
        File file = new File("${workspace.path}@tmp/secretFiles/${UUID.randomUUID()}/key.pem")
        file.parentFile.mkdirs()
        file.setText(found.value, 'UTF-8')
        files.add(file)
        more[m.variable] = file.path
      }
    }
    try { return within(more, body) } finally { files.each { it.parentFile.deleteDir() } }
  }

  private File inWorkspace(Object argument) { new File(workspace, (argument instanceof Map ? argument.file : argument).toString()) }
  Object readFile_(Object m) { inWorkspace(m).getText('UTF-8') }
  Object writeFile_(Map m) { inWorkspace(m).setText(m.text.toString(), 'UTF-8') }
  Object fileExists_(Object m) { inWorkspace(m).exists() }
  Object libraryResource_(String name) { new File(libraryFolder, "resources/${name}").getText('UTF-8') }
  Object readJSON_(Map m) { new JsonSlurperClassic().parseText(m.text ?: inWorkspace(m).text) }
  Object writeJSON_(Map m) { JsonOutput.toJson(m.json) }

  Object junit_(Object argument) {
    File report = new File(workspace, (argument instanceof Map ? argument.testResults : argument).toString())
    if (!report.exists() || report.length() == 0) {
      if (argument instanceof Map && argument.allowEmptyResults) { return null }
      throw new Failed('No test report files were found.')
    }
    def suite = new XmlSlurper().parse(report)
    junit.add([tests: suite.@tests.toInteger(), failures: suite.@failures.toInteger(),
               cases: suite.testcase.collect { [name: it.@name.toString(), failure: it.failure.@message.toString()] }])
    if (suite.@failures.toInteger() > 0) { currentBuild.result = 'UNSTABLE' }
    return null
  }

  Object archiveArtifacts_(Map m) {
    List names = m.artifacts.split(',').collect { it.trim() }.findAll { new File(workspace, it).exists() }
    if (!names && !m.allowEmptyArchive) { throw new Failed("No artifacts found that match the file pattern '${m.artifacts}'") }
    archived.addAll(names)
    return null
  }

  Object node_(Object label = null, Closure body = null) { label instanceof Closure ? label() : onAgent(label.toString(), body) }
  /// A machine of its own: another workspace, and what is configured there.
  Object onAgent(String label, Closure body) {
    File before = workspace
    workspace = new File("${config.workspace}@${label}")
    workspace.mkdirs()
    Map more = [WORKSPACE: workspace.path, NODE_LABELS: label] + (config.agents?.get(label) ?: [:])
    try { return within(more, body) } finally { workspace = before }
  }
  Object checkout_(Object scm) {
    File project = new File(config.project)
    project.eachFileRecurse(groovy.io.FileType.FILES) { File file ->
      File copy = new File(workspace, project.toPath().relativize(file.toPath()).toString())
      copy.parentFile.mkdirs()
      copy.bytes = file.bytes
      copy.executable = file.canExecute()
    }
    return null
  }
  Map stashes = [:]
  Object stash_(Map m) {
    File file = new File(workspace, m.includes.toString())
    if (!file.isFile()) { throw new Failed("No files included in stash '${m.name}'") }
    stashes[m.name.toString()] = [m.includes.toString(), file.bytes]
    return null
  }
  Object unstash_(Object name) {
    List stashed = stashes[name.toString()]
    if (stashed == null) { throw new Failed("No such saved stash '${name}'") }
    new File(workspace, stashed[0]).bytes = stashed[1]
    return null
  }
  Object script_(Closure body) { body() }
  Object stage_(String name, Closure body) { console.line("[Pipeline] stage (${name})"); body() }
  Object timeout_(Map m, Closure body) { body() }
  Object dir_(String name, Closure body) {
    File before = workspace
    workspace = new File(workspace, name)
    workspace.mkdirs()
    try { return body() } finally { workspace = before }
  }

  void abort() {
    aborted = true
    Process running = process
    if (running) { (running.descendants().toArray().toList() + [running.toHandle()]).each { it.destroy() } }  // SIGTERM, to all of them
  }

  // Declarative. Its blocks run with the build as their delegate.
  Object run(Closure body, Object delegate = this) {
    body.delegate = delegate
    body.resolveStrategy = Closure.DELEGATE_FIRST
    return body()
  }
  void pipeline(Closure body) { new Declarative(build: this).run(body) }
  Object methodMissing(String name, Object arguments) { step(name, arguments as Object[]) }
  Object propertyMissing(String name) {
    if (name == 'env') { return environment }
    if (name == 'params') { return params }
    if (name == 'scm') { return 'scm' }
    if (name == 'currentBuild') { return currentBuild }
    if (library[name]) { return library[name] }
    if (environment.containsKey(name)) { return environment[name] }
    throw new Failed("No such property: ${name}")
  }
}

class Assignments {
  Build build
  void setProperty(String name, Object value) {
    if (name == 'build') { this.@build = value } else { build.environment[name] = value.toString() }
  }
  Object getProperty(String name) { name == 'build' ? this.@build : build.propertyMissing(name) }
}

class Blocks {  // stage, post conditions: name -> closure
  Map found = [:]
  Object methodMissing(String name, Object arguments) { found[name] = arguments[0] }
  def stage(String name, Closure body) { found[name] = body }
}

class Section {  // the inside of pipeline or of one stage
  Build build
  Map blocks = [:]
  Object getAny() { 'any' }
  Object getNone() { 'none' }
  Object methodMissing(String name, Object arguments) { blocks[name] = arguments ? arguments[-1] : null }
  Object propertyMissing(String name) { build.propertyMissing(name) }
}

class Declarative {
  Build build
  void run(Closure body) {
    Section whole = new Section(build: build)
    build.run(body, whole)
    if (whole.blocks.environment) { build.run(whole.blocks.environment, new Assignments(build: build)) }
    Blocks stages = new Blocks()
    build.run(whole.blocks.stages, stages)
    Throwable problem = null
    stages.found.each { name, stageBody ->
      if (problem) { build.console.line("Stage \"${name}\" skipped due to earlier failure(s)"); return }
      try { build.step('stage', [name, { runStage(stageBody) }] as Object[]) } catch (Failed | Aborted e) { problem = e }
    }
    build.currentBuild.currentResult = problem instanceof Aborted ? 'ABORTED' : problem ? 'FAILURE' : build.currentBuild.result
    boolean wasAborted = build.aborted
    build.aborted = false
    runPost(whole.blocks.post, build.currentBuild.currentResult)
    build.aborted = wasAborted
    if (problem) { throw problem }
  }
  void runStage(Closure body) {
    Section stage = new Section(build: build)
    build.run(body, stage)
    Closure steps = { build.run(stage.blocks.steps) }
    if (stage.blocks.agent instanceof Closure) {
      String label = section(stage.blocks.agent).blocks.label
      boolean withCheckout = !(stage.blocks.options && section(stage.blocks.options).blocks.containsKey('skipDefaultCheckout'))
      Closure before = steps
      steps = { build.onAgent(label) { if (withCheckout) { build.checkout_(null) }; before() } }
    }
    if (!stage.blocks.environment) { steps(); return }
    Map before = new LinkedHashMap(build.environment)
    build.run(stage.blocks.environment, new Assignments(build: build))
    try { steps() } finally { build.environment.clear(); build.environment.putAll(before) }
  }
  Section section(Closure body) {
    Section found = new Section(build: build)
    build.run(body, found)
    return found
  }
  void runPost(Closure body, String result) {
    if (!body) { return }
    Blocks conditions = new Blocks()
    build.run(body, conditions)
    ['always', result.toLowerCase(), 'cleanup'].each { if (conditions.found[it]) { build.run(conditions.found[it]) } }
  }
}

abstract class JenkinsScript extends Script {
  Build getBuild() { binding.getVariable('build') }
  Object methodMissing(String name, Object arguments) {
    name == 'pipeline' ? build.pipeline(arguments[0]) : build.step(name, arguments as Object[])
  }
  Object propertyMissing(String name) {
    build.propertyMissing(name)
  }
}

Map config = (Map) new JsonSlurperClassic().parse(new File(args[0]), 'UTF-8')
Map made = [running: null]
sun.misc.Signal.handle(new sun.misc.Signal('TERM'), { made.running?.abort() } as sun.misc.SignalHandler)

CompilerConfiguration compiler = new CompilerConfiguration(scriptBaseClass: JenkinsScript.name)
compiler.addCompilationCustomizers(new ImportCustomizer().addImport('NonCPS', NonCPS.name))
GroovyShell shell = new GroovyShell(this.class.classLoader, new Binding(), compiler)
Map classes = [:]
new File(config.library, 'vars').eachFileMatch(~/.*\.groovy/) { classes[it.name - '.groovy'] = shell.parse(it).class }
Map parsed = [:]

List results = config.builds.collect { Map one ->
  Console console = new Console(file: new File(one.log), raw: new File(one.raw))
  File workspace = new File(one.workspace)
  Build build = new Build(config: one, console: console, workspace: workspace, params: one.params ?: [:],
    libraryFolder: new File(config.library), environment: new LinkedHashMap(config.environment) + [WORKSPACE: workspace.path,
      JENKINS_URL: 'https://jenkins.example.com/', JOB_NAME: 'app', BUILD_NUMBER: '1', BUILD_URL: 'https://jenkins.example.com/job/app/1/'])
  made.running = build
  Binding binding = new Binding(build: build)
  classes.each { name, type -> build.library[name] = org.codehaus.groovy.runtime.InvokerHelper.createScript(type, binding) }
  String text = new File(one.jenkinsfile).getText('UTF-8').replaceAll(/(?m)^@Library\(.*$/, '')
  if (!parsed[text]) { parsed[text] = shell.parse(text, 'Jenkinsfile').class }
  String result
  try {
    org.codehaus.groovy.runtime.InvokerHelper.createScript(parsed[text], binding).run()
    result = build.currentBuild.result
  } catch (Aborted e) {
    result = 'ABORTED'
  } catch (Failed e) {
    console.line("ERROR: ${e.message}")
    result = 'FAILURE'
  }
  console.line("Finished: ${result}")
  made.running = null
  [result: result, junit: build.junit, archived: build.archived]
}
new File(args[1]).setText(JsonOutput.toJson(results), 'UTF-8')
