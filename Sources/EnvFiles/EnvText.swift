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
    let dialect: DotenvDialect
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
    for dialect in target.readers {
      do throws(FormatError) {
        readings.append(try EnvText.read(bytes, target, dialect))
      } catch {
        throw EnvFileError(
          .malformed, target.path, "as \(dialect.rawValue) reads it: \(error.reason)",
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

  static func read(_ bytes: [UInt8], _ target: EnvTarget, _ dialect: DotenvDialect) throws(FormatError) -> Reading {
    let settings = try Dotenv.parse(bytes, name: target.path, dialect: dialect)
    return Reading(
      dialect: dialect, settings: settings, places: settings.indices.filter { settings[$0].key == target.variable })
  }

  /// The state in the eyes of all readers; an assignment that counts and is in doubt is an error.
  func state(old: Needle, new: Needle?) throws(EnvFileError) -> EnvState {
    var states: [EnvState] = []
    for reading in readings { states.append(try state(reading, old, new)) }
    if states.contains(.absent) {
      if states.allSatisfy({ $0 == .absent }) { return .absent }
      let blind = zip(readings, states).filter { $0.1 == .absent }.map(\.0.dialect.rawValue).joined(separator: ", ")
      throw EnvFileError(
        .malformed, target.path, "\(blind) does not see \(target.variable)",
        hint: "write the assignment so that every declared reader understands it")
    }
    if states.contains(.holdsOther) { return .holdsOther }
    return states.contains(.holdsOld) ? .holdsOld : .holdsNew
  }

  private func state(_ reading: Reading, _ old: Needle, _ new: Needle?) throws(EnvFileError) -> EnvState {
    guard let last = reading.places.last else { return .absent }
    for place in reading.places {
      let setting = reading.settings[place]
      guard let doubt = setting.doubt else { continue }
      // An earlier assignment does not count for the reader, but may hold a copy of the old value.
      if place == last || setting.mentions(old) {
        throw EnvFileError(
          .malformed, target.path, "as \(reading.dialect.rawValue) reads it: \(doubt)",
          hint: "write \(target.variable) on a line of its own, in plain quotes", line: setting.line)
      }
    }
    let holdings = reading.places.map { Holding(reading.settings[$0], old) }
    if let effective = holdings.last, effective != .nothing { return .holdsOld }
    guard let new, Holding(reading.settings[last], new) != .nothing else { return .holdsOther }
    return holdings.contains { $0 != .nothing } ? .holdsOld : .holdsNew
  }
}

extension Setting {
  /// Whether the bytes of the token hold the key, whatever they mean.
  func mentions(_ needle: Needle) -> Bool {
    let token = token
    return token == needle.value || token.withBytes { !needle.places(in: $0).isEmpty }
  }
}
