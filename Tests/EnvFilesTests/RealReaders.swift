// The programs that really read such files: asked for the value in each of many files, and answering nil where they see none.

import Foundation
import Testing

@testable import Formats

enum RealReaders {
  /// What the reader of that kind of file takes the value for in each file; nil where it is not installed.
  static func ask(_ grammar: Grammar, _ paths: [String]) throws -> [(reader: String, answers: [String?])] {
    switch grammar {
    case .dotenv: try [python("dotenv", paths), node(paths)].compactMap { $0 }
    case .python: try [python("dotenv", paths)].compactMap { $0 }
    case .node: try [node(paths)].compactMap { $0 }
    case .shell: [("bash", try bash(paths))]
    case .docker: try [docker(paths)].compactMap { $0 }
    case .systemd: try [systemd(paths)].compactMap { $0 }
    case .secretData, .secretText, .composeMap, .composeList, .json, .yaml, .toml, .ini, .pypirc, .aws, .netrc:
      try [python(grammar.rawValue, paths)].compactMap { $0 }
    case .npmrc: try [npm(paths)].compactMap { $0 }
    case .properties: try [java(paths)].compactMap { $0 }
    case .tfvars: try [terraform(paths)].compactMap { $0 }
    // Docker Compose and systemd's manager can't be asked without their daemons.
    case .compose, .unit: []
    }
  }

  /// How many files one question may be about, where each file needs a process of its own.
  static func limit(_ grammar: Grammar) -> Int {
    switch grammar {
    case .docker: 16
    case .tfvars: 8
    default: .max
    }
  }

  private static let modules = [
    "dotenv": "dotenv", "secretData": "yaml", "secretText": "yaml", "composeMap": "yaml", "composeList": "yaml",
    "yaml": "yaml", "toml": "tomllib",
  ]

  private static let script = """
    import sys, json, base64, logging
    logging.disable()
    kind, paths = sys.argv[1], sys.argv[2:]
    def ini(path, section, key):
      import configparser
      c = configparser.RawConfigParser(); c.read(path, encoding='utf-8'); return c[section][key]
    def yaml(path):
      import yaml
      return yaml.safe_load(open(path, newline=''))
    def read(path):
      if kind == 'dotenv':
        import dotenv
        return dotenv.dotenv_values(path).get('KEY')
      if kind == 'json': return json.load(open(path))['a b']['c']
      if kind == 'toml':
        import tomllib
        return tomllib.load(open(path, 'rb'))['a']['b c']['key']
      if kind == 'yaml': return yaml(path)['a'][1]['c']
      if kind == 'secretData': return base64.b64decode(yaml(path)['data']['KEY'], validate=True).decode()
      if kind == 'secretText': return yaml(path)['stringData']['KEY']
      if kind == 'composeMap': return yaml(path)['services']['web']['environment']['KEY'].replace('$$', '$')
      if kind == 'composeList': return yaml(path)['services']['web']['environment'][1][4:].replace('$$', '$')
      if kind == 'ini': return ini(path, 'a b', 'key')
      if kind == 'pypirc': return ini(path, 'pypi', 'password')
      if kind == 'aws': return ini(path, 'default', 'aws_secret_access_key')
      if kind == 'netrc':
        import netrc
        return netrc.netrc(path).hosts['h.example'][2]
    answers = []
    for path in paths:
      try: answers.append(read(path))
      except Exception as error: answers.append('(' + repr(error) + ')')
    print(json.dumps([a if isinstance(a, str) else None for a in answers]))
    """

  private static func python(_ kind: String, _ paths: [String]) throws -> (String, [String?])? {
    if let module = modules[kind],
      try Program.run("/usr/bin/env", ["python3", "-c", "import \(module)"]).status != 0
    {
      return nil
    }
    guard try Program.run("/usr/bin/env", ["python3", "-c", "pass"]).status == 0 else { return nil }
    return (
      "python's \(kind)", try list(Program.run("/usr/bin/env", ["python3", "-c", script, kind] + paths).output, paths)
    )
  }

  private static func list(_ json: String, _ paths: [String]) throws -> [String?] {
    let answers = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [Any], "\(json)")
    try #require(answers.count == paths.count)
    return answers.map { $0 as? String }
  }

  private static func node(_ paths: [String]) throws -> (String, [String?])? {
    guard let node = Program.node else { return nil }
    let script = """
      const fs = require('fs'), {parseEnv} = require('util');
      console.log(JSON.stringify(process.argv.slice(1).map(f => parseEnv(fs.readFileSync(f, 'utf8')).KEY)))
      """
    return ("Node", try list(Program.run(node, ["node", "-e", script] + paths).output, paths))
  }

  /// The library that npm itself reads its configuration with.
  private static func npm(_ paths: [String]) throws -> (String, [String?])? {
    guard Program.node != nil else { return nil }
    let places = ["/usr/lib/node_modules/npm/node_modules/ini", "/usr/share/nodejs/ini"]
    guard let place = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else { return nil }
    let script = """
      const fs = require('fs'), ini = require('\(place)');
      console.log(JSON.stringify(process.argv.slice(1).map(f => ini.parse(fs.readFileSync(f, 'utf8'))['//registry.npmjs.org/:_authToken'])))
      """
    return ("npm", try list(Program.run("/usr/bin/env", ["node", "-e", script] + paths).output, paths))
  }

  private static func bash(_ paths: [String]) throws -> [String?] {
    let script = "for f; do (unset KEY; . \"$f\"; printf '%s\\036' \"$KEY\"); done 2>/dev/null"
    let answers = try Program.run("/bin/bash", ["-c", script, "bash"] + paths).output.components(separatedBy: "\u{1e}")
      .dropLast()
    try #require(answers.count == paths.count)
    return Array(answers)
  }

  /// systemd's own reader of environment files, in the program that reads environment.d: one directory for each file.
  private static func systemd(_ paths: [String]) throws -> (String, [String?])? {
    let program = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"
    guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
    var answers: [String?] = []
    for path in paths {
      let folder = path + ".home"
      try FileManager.default.createDirectory(atPath: folder + "/environment.d", withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: path, toPath: folder + "/environment.d/x.conf")
      // It prints what a shell may read back.
      let script = "eval \"$(env -i HOME=\"$1\" XDG_CONFIG_HOME=\"$1\" \"$0\" | grep '^KEY=')\"; printf %s \"$KEY\""
      answers.append(try Program.run("/bin/bash", ["-c", script, program, folder]).output)
    }
    return ("systemd", answers)
  }

  /// The docker client, before a daemon that does nothing but write down what it is asked for.
  private static func docker(_ paths: [String]) throws -> (String, [String?])? {
    guard let docker = Program.find("docker"), let first = paths.first else { return nil }
    let folder = (first as NSString).deletingLastPathComponent
    let (socket, log) = (folder + "/s", folder + "/log")
    let daemon = """
      import http.server, json, os, socketserver, sys
      os.closerange(3, 1024)  # what is inherited would keep whoever waits for the shell waiting
      class H(http.server.BaseHTTPRequestHandler):
        def reply(s, c, o):
          b = json.dumps(o).encode(); s.send_response(c); s.send_header('Api-Version', '1.41')
          s.send_header('Content-Length', str(len(b))); s.end_headers(); s.wfile.write(b)
        def do_HEAD(s): s.reply(200, {})
        def do_GET(s): s.reply(200, {'ApiVersion': '1.41', 'Version': '24'})
        def do_POST(s):
          b = json.loads(s.rfile.read(int(s.headers.get('Content-Length') or 0)) or b'{}')
          open(sys.argv[2], 'a').write(json.dumps(b.get('Env')) + '\\n'); s.reply(201, {'Id': '0' * 64, 'Warnings': []})
        def log_message(s, *a): pass
      class S(socketserver.UnixStreamServer):
        def get_request(s): return super().get_request()[0], ('x', 0)
      s = S(sys.argv[1], H); print('ready', flush=True); s.serve_forever()
      """
    // One program for all of it: the daemon ends with the shell that began it, by the one signal that is never blocked.
    let script = """
      python3 -c "$1" "$2" "$3" >"$3.ready" 2>/dev/null & daemon=$!
      trap 'kill -9 $daemon' EXIT
      for i in $(seq 200); do [ -s "$3.ready" ] && break; sleep 0.05; done
      docker="$4"; socket="$2"; log="$3"; shift 4
      for f; do
        : >"$log"; "$docker" -H "unix://$socket" create --env-file "$f" image >/dev/null 2>&1 && cat "$log" || echo null
      done
      """
    let output = try Program.run("/bin/bash", ["-c", script, "bash", daemon, socket, log, docker] + paths).output
    let lines = output.split(separator: "\n")
    try #require(lines.count == paths.count, "\(output)")
    let answers = try lines.map { line -> String? in
      let variables = try JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed) as? [String]
      return variables?.last { $0.hasPrefix("KEY=") }.map { String($0.dropFirst(4)) }
    }
    return ("docker", answers)
  }

  private static func java(_ paths: [String]) throws -> (String, [String?])? {
    guard let java = Program.find("java"), let first = paths.first,
      try Program.run(java, ["-version"]).status == 0
    else { return nil }
    let source = (first as NSString).deletingLastPathComponent + "/Read.java"
    try """
    import java.nio.file.*; import java.util.*;
    public class Read { public static void main(String[] a) throws Exception {
      var out = new java.io.PrintStream(System.out, true, "UTF-8");
      for (var f : a) { var p = new Properties();
        try (var r = Files.newBufferedReader(Path.of(f))) { p.load(r); }
        out.print(p.getProperty("db.key") + "\\u001e"); } } }
    """.write(toFile: source, atomically: false, encoding: .utf8)
    let run = try Program.run(java, [source] + paths)
    // A runtime without a compiler can't do this.
    guard run.status == 0 else { return nil }
    let answers = run.output.components(separatedBy: "\u{1e}").dropLast()
    try #require(answers.count == paths.count)
    return ("Java", Array(answers))
  }

  private static func terraform(_ paths: [String]) throws -> (String, [String?])? {
    guard let terraform = Program.find("terraform") ?? Program.find("tofu") else { return nil }
    var answers: [String?] = []
    for path in paths {
      let folder = path + ".module"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try "variable \"key\" {}\nvariable \"list\" {\n  default = []\n}\n".write(
        toFile: folder + "/main.tf", atomically: false, encoding: .utf8)
      let script = "cd \"$1\" && echo 'jsonencode(var.key)' | \"$0\" console -no-color -var-file=\"$2\" 2>/dev/null"
      let output = try Program.run("/bin/bash", ["-c", script, terraform, folder, path]).output
      // A text in quotes that holds JSON text in quotes.
      let line = output.split(separator: "\n").last { $0.hasPrefix("\"") } ?? ""
      func unquoted(_ text: String) -> String? {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) as? String
      }
      // The console shows templates' marks doubled.
      let shown = line.replacingOccurrences(of: "$${", with: "${").replacingOccurrences(of: "%%{", with: "%{")
      answers.append(unquoted(shown).flatMap(unquoted))
    }
    return ("terraform", answers)
  }
}
