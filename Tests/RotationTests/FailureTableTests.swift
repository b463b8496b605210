// Every row of the table of crashes and faults, and the tests that show what becomes of it. A row without a test, or a test
// that is gone, fails here.

import Foundation
import Testing

@Suite struct FailureTableTests {
  /// A crash or fault, and who shows what becomes of it: the file and the test's function.
  static let rows: [(fault: String, tests: [String])] = [
    ("crash before the intent is written", ["RotationTests/CrashTests killedAtEveryStep"]),
    (
      "crash after the intent, before anything is sent",
      [
        "RotationTests/CrashTests killedAtEveryStep",
        "RotationTests/RotatorTests stoppingBeforeTheRequestChangesNothing",
      ]
    ),
    (
      "crash between the durable word and the request",
      ["RotationTests/CrashTests killedAtEveryStep", "RotationTests/KillTests killedAtAnyWritingCall"]
    ),
    (
      "timeout, reset or 502 after the request",
      ["RotationTests/ConformanceTests faultsOnTheWire", "ProgramTests/RotationTests aNetworkThatSpoilsAnswers"]
    ),
    (
      "crash between the answer and its seal",
      [
        "RotationTests/CrashTests killedAtEveryStepWhereTheOldKeyDiesAtOnce",
        "RotationTests/KillTests killedAtAnyWritingCall",
      ]
    ),
    (
      "disk full when the answer is sealed",
      [
        "RotationTests/RotatorTests aLedgerThatFailsWhenTheAnswerComesLosesNothing",
        "RotationTests/FailureRowTests aDiskThatIsFullWhenTheAnswerComes",
      ]
    ),
    ("crash between the seal and the reading", ["RotationTests/CrashTests killedAtEveryStep"]),
    ("an answer that nobody understands", ["RotationTests/FailureRowTests anAnswerIsReadOnceItIsUnderstood"]),
    (
      "the new key is not known everywhere",
      [
        "RotationTests/ConformanceTests slowPropagation",
        "RotationTests/FailureRowTests aNewKeyThatIsNotKnownInTimeIsTakenBack",
      ]
    ),
    ("the new key is another account's, or may do less", ["RotationTests/RotatorTests everyFaultOfTheRequestEndsWell"]),
    (
      "crash when some files have the new key",
      ["RotationTests/CrashTests killedAtEveryStep", "RotationTests/KillTests killedAtAnyWritingCall"]
    ),
    (
      "a file is edited meanwhile",
      ["RotationTests/RotatorTests aFileThatIsEditedMeanwhileKeepsItsEditAndTheOldKeyLives"]
    ),
    (
      "crash between a file's copy and its place",
      [
        "EnvFilesTests/CrashTests theFileIsWholeWhateverHappens",
        "EnvFilesTests/PreservationTests aLeftOverOfACrashIsReplacedOrSwept",
      ]
    ),
    ("loss of power after a rename", ["EnvFilesTests/PowerLossTests noLossOfPowerTearsTheFile"]),
    (
      "a reload fails",
      [
        "RotationTests/RotatorTests usersAreReloadedOnceEachBeforeTheOldKeyEnds",
        "ProgramTests/RotationTests reloadsAndAlarms",
      ]
    ),
    (
      "a consumer still uses the old key",
      [
        "RotationTests/FailureRowTests aConsumerThatStillUsesTheOldKeyKeepsItAlive",
        "RotationTests/FailureRowTests quietIsRefusedWhereNobodyCanTell",
      ]
    ),
    (
      "crash after the old key's end, before it is noted",
      ["RotationTests/CrashTests killedAtEveryStep", "ProgramTests/RotationTests killedAtEveryStep"]
    ),
    (
      "the service says that the old key ended, and it works",
      [
        "RotationTests/RotatorTests anOldKeyThatStaysAliveIsNotCalledDone",
        "ProgramTests/RotationTests anOldKeyThatWillNotDie",
      ]
    ),
    (
      "the holder of a rotation is overtaken",
      [
        "LedgerTests/LedgerTests anOvertakenHolderWritesNothing",
        "RotationTests/FailureRowTests whoeverWasOvertakenSendsAndWritesNothing",
        "RotationTests/LeaseTests aHostThatWasAsleepStops",
        "RotationTests/LeaseTests whatIsOpenElsewhereKeepsOthersAway",
      ]
    ),
    (
      "the journal, or the leases of several hosts, can't be reached",
      [
        "RotationTests/FailureRowTests withoutAJournalNothingIsBegun",
        "RotationTests/LeaseTests withoutTheTableNothingIsBegunAndWhatIsOpenGoesOn",
      ]
    ),
    ("the install's key is lost", ["LedgerTests/LedgerTests aLostInstallKeyIsSaidClearly"]),
    (
      "the administrator's password is gone or refused",
      ["RotationTests/ConformanceTests withoutTheAdministratorNothingIsDone"]
    ),
    (
      "the service limits requests",
      [
        "RotationTests/RotatorTests everyFaultOfTheRequestEndsWell",
        "ProgramTests/FleetTests allThatIsDueAtOnceIsRotatedWithinTheLimit",
      ]
    ),
    (
      "the clock jumps, or is changed",
      [
        "RotationTests/FailureRowTests aClockThatGoesBackRotatesNothingTwice",
        "RotationTests/FreezeTests anHourThatComesTwiceOrNever",
      ]
    ),
    (
      "another host is offline when files are written",
      ["RotationTests/FailureRowTests aHostThatIsOfflineKeepsTheOldKeyAlive"]
    ),
    ("history still holds the old key", ["ProgramTests/HookWalkTests rotateIt"]),
  ]

  @Test(arguments: FailureTableTests.rows.indices) func everyRowHasItsTest(_ index: Int) throws {
    let row = FailureTableTests.rows[index]
    #expect(!row.tests.isEmpty, "\(row.fault)")
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    for test in row.tests {
      let words = test.split(separator: " ").map(String.init)
      try #require(words.count == 2)
      let source = try String(contentsOf: tests.appending(path: words[0] + ".swift"), encoding: .utf8)
      let parts = source.components(separatedBy: "func \(words[1])(")
      #expect(parts.count == 2, "\(row.fault): \(test) is not there")
      #expect(parts[0].suffix(600).contains("@Test"), "\(row.fault): \(test) is no test")
    }
  }
}
