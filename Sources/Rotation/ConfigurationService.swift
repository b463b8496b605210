// What a key's configuration says of its service beyond an address: `[key.database]`, `[key.admin]`, `[key.program]`,
// `page` and `certificates`; and how the journal keeps it.

internal import Formats
internal import Providers

extension Configuration {
  private static let databaseFields = ["host", "port", "name", "user", "tls", "certificates"]

  /// The particulars of a key's service; nil where there are none.
  static func service(
    _ node: Node, _ folder: String, _ owner: String, _ reader: inout ConfigurationReader
  ) -> ServiceSettings? {
    let tables = ["database", "admin", "program", "page", "certificates"]
    guard tables.contains(where: { node[$0] != nil }) else { return nil }
    var service = ServiceSettings()
    service.certificates = reader.text("certificates", in: node).map { resolve($0, folder) }
    if let value = node["certificates"], node["database"] != nil {
      reader.mistake(value, "certificates of a database belong into its table", hint: "write database.certificates")
    }
    if let database = reader.table("database", in: node) { readDatabase(database, folder, owner, &service, &reader) }
    if let admin = reader.table("admin", in: node) {
      reader.allow(["user", "file", "variable"], in: admin, of: "admin of \(owner)")
      let user = reader.requiredText("user", in: admin, of: "admin of \(owner)")
      let file = reader.requiredText("file", in: admin, of: "admin of \(owner)")
      let variable = reader.requiredText("variable", in: admin, of: "admin of \(owner)")
      if let user, let file, let variable {
        service.admin = AdminCredential(user: user, file: resolve(file, folder), variable: variable)
      }
    }
    if let program = reader.table("program", in: node) {
      reader.allow(ProgramRole.allCases.map(\.rawValue) + ["timeout"], in: program, of: "program of \(owner)")
      for role in ProgramRole.allCases {
        guard let value = program[role.rawValue] else { continue }
        service.programs[role] = command(value, "program.\(role.rawValue)", &reader)
      }
      if let timeout = reader.duration("timeout", in: program, 1_000...3_600_000) { service.programTimeoutMs = timeout }
      if service.programs[.verify] == nil {
        reader.mistake(program, "program of \(owner) has no verify: without it no key could be proven")
      }
      if (service.programs[.set] == nil) == (service.programs[.make] == nil) {
        reader.mistake(
          program, "program of \(owner) must have either set (we choose the value) or make (the program does)")
      }
    }
    service.page = page(node, &reader)
    return service
  }

  private static func readDatabase(
    _ node: Node, _ folder: String, _ owner: String, _ service: inout ServiceSettings,
    _ reader: inout ConfigurationReader
  ) {
    let place = "database of \(owner)"
    reader.allow(databaseFields, in: node, of: place)
    service.host = reader.requiredText("host", in: node, of: place)
    service.user = reader.requiredText("user", in: node, of: place)
    service.database = reader.text("name", in: node)
    service.port = reader.integer("port", in: node, 1...65_535)
    service.certificates = reader.text("certificates", in: node).map { resolve($0, folder) }
    if let value = node["host"], let host = service.host, !host.hasPrefix("/"), !isHost(host) {
      reader.mistake(value, "host must be a name, an address, or the path of a socket")
    }
    let isHere = service.host.map { $0.hasPrefix("/") || ["localhost", "::1"].contains($0) || $0.hasPrefix("127.") }
    if let value = node["tls"], let text = reader.text("tls", in: node) {
      guard let security = ConnectionSecurity(rawValue: text) else {
        reader.mistake(
          value, "tls must be \"full\" (certificate and host name), \"certificate\" (certificate alone) or \"off\"")
        return
      }
      service.security = security
    } else if isHere == true {
      // Nobody listens in on this machine's own sockets.
      service.security = .off
    }
  }

  /// `[lease]`: the database, whose password is where, how long a host that says nothing keeps a key, what this one is
  /// called.
  static func lease(
    _ root: Node, _ folder: String, _ reader: inout ConfigurationReader
  ) -> (settings: LeaseSettings?, node: String?) {
    guard let node = reader.table("lease", in: root) else { return (nil, nil) }
    reader.allow(["database", "file", "variable", "time", "node"], in: node, of: "[lease]")
    let file = reader.requiredText("file", in: node, of: "[lease]")
    let variable = reader.requiredText("variable", in: node, of: "[lease]")
    let time = reader.duration("time", in: node, 10_000...3_600_000)
    let name = reader.text("node", in: node)
    var service = ServiceSettings()
    if let database = reader.table("database", in: node) {
      readDatabase(database, folder, "[lease]", &service, &reader)
    } else if node["database"] == nil {
      reader.missing(
        node, "[lease] has no database",
        hint: "add [lease.database] with host, name and user of the PostgreSQL that the hosts share")
    }
    guard let file, let variable else { return (nil, name) }
    return (
      LeaseSettings(service: service, file: resolve(file, folder), variable: variable, timeMs: time ?? 120_000), name
    )
  }

  private static func isHost(_ host: String) -> Bool {
    host.utf8.count <= 255
      && host.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x3a, 0x5f: true
        default: false
        }
      }
  }

  private static func page(_ node: Node, _ reader: inout ConfigurationReader) -> String? {
    guard let value = node["page"], let text = reader.text("page", in: node) else { return nil }
    guard text.hasPrefix("https://") || text.hasPrefix("http://") else {
      reader.mistake(value, "page must be an address such as \"https://console.example.org/keys\"")
      return nil
    }
    return text
  }
}

extension ServiceSettings {
  /// For the journal; holds no value.
  var facts: Facts {
    var facts = Facts()
    facts.set("host", host)
    facts.set("port", port)
    facts.set("database", database)
    facts.set("user", user)
    facts.set("security", security.rawValue)
    facts.set("certificates", certificates)
    if let admin {
      facts.set("admin_user", admin.user)
      facts.set("admin_file", admin.file)
      facts.set("admin_variable", admin.variable)
    }
    for role in ProgramRole.allCases {
      if let program = programs[role] { facts.set("program_\(role.rawValue)", program) }
    }
    facts.set("program_timeout_ms", programTimeoutMs)
    facts.set("page", page)
    return facts
  }

  /// From the journal.
  init(_ node: Node) {
    self.init()
    host = node["host"]?.string
    port = node["port"]?.integer
    database = node["database"]?.string
    user = node["user"]?.string
    security = node["security"]?.string.flatMap(ConnectionSecurity.init(rawValue:)) ?? .full
    certificates = node["certificates"]?.string
    if let user = node["admin_user"]?.string, let file = node["admin_file"]?.string,
      let variable = node["admin_variable"]?.string
    {
      admin = AdminCredential(user: user, file: file, variable: variable)
    }
    for role in ProgramRole.allCases {
      let program = node.texts("program_\(role.rawValue)")
      if !program.isEmpty { programs[role] = program }
    }
    programTimeoutMs = Int64(node["program_timeout_ms"]?.integer ?? 60_000)
    page = node["page"]?.string
  }
}
