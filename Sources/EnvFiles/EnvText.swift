// The text of a file as each of its readers sees it: which assignments hold the old value, and which the new.

internal import Formats
internal import Secrets

/// What an assignment holds.
enum Holding {
  /// The key and nothing else.
  case whole
  /// The key as a part of a longer value.
  case part
  case nothing

  init(_ setting: Setting, _ needle: Needle) {
    guard let value = setting.value else {
      self = .nothing
      return
    }
    self = Holding(value, needle)
  }

  init(_ value: Secret, _ needle: Needle) {
    if value == needle.value {
      self = .whole
    } else {
      self = value.withBytes { needle.places(in: $0).isEmpty } ? .nothing : .part
    }
  }
}

/// A file's content, read by everyone who is to understand it.
struct EnvText {
  struct Reading {
    let format: SettingFormat
    let settings: [Setting]
    /// The assignments of the variable, by position.
    let places: [Int]
  }

  static let maximumBytes = 8 << 20
  static let maximumValueBytes = 64 << 10

  let target: EnvTarget
  let readings: [Reading]

  init(_ bytes: [UInt8], _ target: EnvTarget) throws(EnvFileError) {
    self.target = target
    var readings: [Reading] = []
    for format in target.readers {
      do throws(FormatError) {
        readings.append(try EnvText.read(bytes, target, format))
      } catch {
        throw EnvFileError(
          .malformed, target.path, "as \(format) reads it: \(error.reason)",
          hint: "correct the line, or declare which program reads the file", line: error.line)
      }
    }
    self.readings = readings
    for reading in readings {
      for place in reading.places where reading.settings[place].span.count > EnvText.maximumValueBytes {
        throw EnvFileError(
          .tooLarge, target.path, "the value of \(target.variable) is longer than \(EnvText.maximumValueBytes) bytes",
          hint: "keys are shorter; name the variable that holds one", line: reading.settings[place].line)
      }
    }
  }

  static func read(_ bytes: [UInt8], _ target: EnvTarget, _ format: SettingFormat) throws(FormatError) -> Reading {
    let settings = try format.parse(bytes, name: target.path)
    return Reading(
      format: format, settings: settings, places: settings.indices.filter { settings[$0].key == target.variable })
  }

  /// The value that counts, in the eyes of all readers.
  func value() throws(EnvFileError) -> Secret {
    var found: Secret?
    for reading in readings {
      guard let last = reading.places.last else {
        throw EnvFileError(
          .variableMissing, target.path, "as \(reading.format) reads it, \(target.variable) is not assigned",
          hint: "name the variable that holds the value")
      }
      let setting = reading.settings[last]
      guard let value = setting.value else { throw uncertain(setting, reading) }
      if let found, found != value {
        throw EnvFileError(
          .malformed, target.path, "the file's readers disagree on the value of \(target.variable)",
          hint: "write it without quotes or in single quotes, or declare fewer readers", line: setting.line)
      }
      found = value
    }
    guard let found else { throw EnvFileError(.malformed, target.path, "the file has no reader") }
    return found
  }

  private func uncertain(_ setting: Setting, _ reading: Reading) -> EnvFileError {
    EnvFileError(
      .malformed, target.path, "as \(reading.format) reads it: \(setting.doubt ?? "not certain")",
      hint: "write \(target.variable) on a line of its own, in plain quotes", line: setting.line)
  }

  /// The state in the eyes of all readers; an assignment that counts and is in doubt is an error.
  func state(old: Needle, new: Needle?) throws(EnvFileError) -> EnvState {
    var states: [EnvState] = []
    for reading in readings { states.append(try state(reading, old, new)) }
    if states.contains(.absent) {
      if states.allSatisfy({ $0 == .absent }) { return .absent }
      let blind = zip(readings, states).filter { $0.1 == .absent }.map(\.0.format.description).joined(separator: ", ")
      throw EnvFileError(
        .malformed, target.path, "\(blind) does not see \(target.variable)",
        hint: "write the assignment so that every declared reader understands it")
    }
    // Each certain of its own, and not of the same: one of them already reads a wrong value.
    _ = try value()
    if states.contains(.holdsOther) { return .holdsOther }
    return states.contains(.holdsOld) ? .holdsOld : .holdsNew
  }

  private func state(_ reading: Reading, _ old: Needle, _ new: Needle?) throws(EnvFileError) -> EnvState {
    guard let last = reading.places.last else { return .absent }
    for place in reading.places {
      let setting = reading.settings[place]
      // An earlier assignment does not count for the reader, but may hold a copy of the old value.
      if setting.doubt != nil, place == last || setting.mentions(old) { throw uncertain(setting, reading) }
    }
    if target.isList { return try listState(reading.settings[last], old, new) }
    let holdings = reading.places.map { Holding(reading.settings[$0], old) }
    if let effective = holdings.last, effective != .nothing { return .holdsOld }
    guard let new, Holding(reading.settings[last], new) != .nothing else { return .holdsOther }
    return holdings.contains { $0 != .nothing } ? .holdsOld : .holdsNew
  }
}

extension EnvText {
  private func listState(_ setting: Setting, _ old: Needle, _ new: Needle?) throws(EnvFileError) -> EnvState {
    let list = try list(setting)
    if let new, list.holds(new.value) { return .holdsNew }
    return list.holds(old.value) ? .holdsOld : .holdsOther
  }

  private func list(_ setting: Setting) throws(EnvFileError) -> ListValue {
    guard let list = setting.value.flatMap({ ListValue($0) }), !list.members.isEmpty else {
      throw EnvFileError(
        .malformed, target.path, "the value of \(target.variable) is no list of keys",
        hint: "write key,key or [\"key\", \"key\"] in one value, or take list = true out of the configuration",
        line: setting.line)
    }
    return list
  }

  /// The members of the list that counts; all readers must see the same.
  func members() throws(EnvFileError) -> [Secret] {
    _ = try value()
    guard let reading = readings.first, let last = reading.places.last else { return [] }
    return try list(reading.settings[last]).members
  }
}

extension Setting {
  /// Whether the bytes of the token hold the key, whatever they mean.
  func mentions(_ needle: Needle) -> Bool {
    let token = token
    return token == needle.value || token.withBytes { !needle.places(in: $0).isEmpty }
  }
}
