// The files of a key: paths, or tables for files that name or read the value differently.

internal import EnvFiles
internal import Formats

extension Configuration {
  private static let placeFields = ["path", "variable", "dialects", "format", "list"]

  /// The paths in their order, and what some of them say differently.
  static func files(
    of node: Node, _ owner: String, _ folder: String, _ reader: inout ConfigurationReader
  ) -> (paths: [String], places: [String: FilePlace]) {
    guard let value = node["files"] else {
      reader.missing(node, "\(owner) has no files", hint: "list every file that holds the value: files = [\"…\"]")
      return ([], [:])
    }
    guard let list = value.array else {
      reader.mistake(value, "files must be a list", hint: "write files = [\"…\"]")
      return ([], [:])
    }
    if list.isEmpty { reader.mistake(value, "files is empty", hint: "list every file that holds the value") }
    let everywhere = flag("list", in: node, &reader)
    var paths: [String] = []
    var places: [String: FilePlace] = [:]
    for item in list {
      guard let path = path(item, &reader) else { continue }
      let whole = resolve(path, folder)
      paths.append(whole)
      var place = FilePlace(isList: everywhere)
      if item.kind == .table {
        reader.allow(placeFields, in: item, of: "a file of \(owner)")
        place.variable = reader.text("variable", in: item)
        place.dialects = dialects(item, &reader)
        place.format = format(item, &reader)
        if item["list"] != nil { place.isList = flag("list", in: item, &reader) }
      }
      if place != FilePlace() { places[whole] = place }
    }
    return (paths, places)
  }

  private static func path(_ item: Node, _ reader: inout ConfigurationReader) -> String? {
    if item.kind == .table { return reader.requiredText("path", in: item, of: "the file") }
    guard let text = item.string, !text.isEmpty,
      !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      reader.mistake(
        item, "files must hold paths", hint: "write \"/srv/shop/.env\", or { path = \"…\", variable = \"…\" }")
      return nil
    }
    return text
  }

  static func flag(_ field: String, in node: Node, _ reader: inout ConfigurationReader) -> Bool {
    guard let value = node[field] else { return false }
    if value.boolean == nil { reader.mistake(value, "\(field) must be true or false") }
    return value.boolean ?? false
  }

  static func dialects(_ node: Node, _ reader: inout ConfigurationReader) -> [DotenvDialect] {
    reader.texts("dialects", in: node).compactMap { item in
      if let dialect = DotenvDialect(rawValue: item.text) { return dialect }
      reader.mistake(
        item.line, "'\(ConfigurationReader.shown(item.text))' is no dialect of environment files",
        hint: ConfigurationReader.hint(item.text, among: DotenvDialect.allCases.map(\.rawValue)))
      return nil
    }
  }
}

extension ConfiguredKey {
  /// Lists first: they must know the new key before anybody uses it.
  var targets: [EnvTarget] {
    FilePlace.targets(files, places, variable: variable, dialects: dialects, format: format)
  }

  /// The variable that holds the value in one of the files.
  func variable(in file: String) -> String { places[file]?.variable ?? variable }
}

extension FilePlace {
  static func targets(
    _ files: [String], _ places: [String: FilePlace], variable: String, dialects: [DotenvDialect],
    format: SettingFormat?
  ) -> [EnvTarget] {
    let targets = files.map { file in
      let place = places[file] ?? FilePlace()
      let says = !place.dialects.isEmpty || place.format != nil
      return EnvTarget(
        path: file, variable: place.variable ?? variable, dialects: says ? place.dialects : dialects,
        format: says ? place.format : format, isList: place.isList)
    }
    return targets.filter(\.isList) + targets.filter { !$0.isList }
  }

  func facts(_ path: String) -> Facts {
    var facts = Facts()
    facts.set("path", path)
    facts.set("variable", variable)
    facts.set("dialects", dialects.map(\.rawValue))
    facts.set("format", format?.description)
    facts.set("list", isList)
    return facts
  }

  init(_ node: Node) {
    self.init(
      variable: node["variable"]?.string, dialects: node.texts("dialects").compactMap(DotenvDialect.init(rawValue:)),
      format: node["format"]?.string.flatMap { SettingFormat($0) }, isList: node["list"]?.boolean ?? false)
  }
}
