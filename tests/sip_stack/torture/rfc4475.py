"""Messages of the kinds that RFC 4475 describes, written out here; its section stands beside each."""

from tests.sip_stack.torture.case import Case, message

TORTUOUS = r"""INVITE sip:reception@pbx.example.org;colour SIP/2.0
tO :
 sip:reception@pbx.example.org ;  tag   = 55aa1
FROM  : "Karl \\\"K\\\" Ek"     <sip:karl@home.example.org>
   ;
 tag = 77bb2
mAX-fORWARDS: 0033
CALL-id: space.everywhere@192.0.2.9
Content-Length	: 0
CSEQ: 00012
	INVITE
Via : SIP /  2.0
  / UDP
 192.0.2.9;branch=first
subject :
X-Long-Story:   once upon
	a time
X-Only-Marks: ,,;;,;,
Route:
 <sip:edge.example.org;lr;with=value;without>
v: SIP / 2.0 / TCP    edge.example.org  ;
 branch =  z9hG4bKsecond  ,
  SIP  / 2.0 /  UDP  192.0.2.77 ;  branch=
 z9hG4bKthird
m:"said \"hello\"" <sip:karl@home.example.org> ; colour =
	red ;
 flag ; q = 0.7

"""

ODD_METHOD = "Odd-method.0_!%*+`'~"
INVITE = "INVITE sip:desk@example.org SIP/2.0"

REGISTER = "REGISTER sip:example.org SIP/2.0"
MULTIPART = """--7a9cbec02ceef655
Content-Type: text/plain
Content-Disposition: render;handling=optional

good morning
--7a9cbec02ceef655
Content-Type: application/sdp

v=0
--7a9cbec02ceef655--
"""

CASES = (
    Case("3.1.1.1 a short tortuous INVITE", TORTUOUS, does="400"),
    Case(
        "3.1.1.2 wide range of valid characters",
        message(
            f"{ODD_METHOD} sip:0-._~!'()*&=+$,;?/and:pass&=+$,!@example.org SIP/2.0",
            'To: "\N{SYMBOL FOR NULL} åäö" <sip:0-._~!\'()*&=+$,;?/and@example.org>',
            "x-!.%*+_`'~: \N{SNOWMAN} 雪だるま",
            method=ODD_METHOD,
            without=("To",),
        ),
        does="405",
    ),
    Case(
        "3.1.1.3 valid use of the % escaping mechanism",
        message("INVITE sip:tel%3A112%40home@example.org SIP/2.0"),
        does="SessionInvited",
    ),
    Case(
        "3.1.1.4 escaped nulls in URIs",
        message("REGISTER sip:a%00b@example.org SIP/2.0", method="REGISTER"),
        does="RequestReceived",
    ),
    Case(
        "3.1.1.5 use of % when it is not an escape",
        message("OP%54IONS sip:pbx.example.org SIP/2.0", method="OP%54IONS"),
        does="405",
    ),
    Case(
        "3.1.1.6 message with no LWS between display name and <",
        message(INVITE, "From: Karl<sip:karl@example.org>;tag=7", without=("From",)),
        does="SessionInvited",
    ),
    Case(
        "3.1.1.7 long values in header fields",
        message(
            INVITE,
            'To: "very ' + "long" * 90 + f'" <sip:{"name" * 100}@example.org>',
            "X-Long: " + "y" * 2000,
            without=("To",),
        ),
        does="SessionInvited",
    ),
    Case(
        "3.1.1.8 extra trailing octets in a UDP datagram",
        message(INVITE, "l: 0") + message(INVITE, "l: 0"),
        does="SessionInvited",
    ),
    Case(
        "3.1.1.9 semicolon-separated parameters in URI user part",
        message("INVITE sip:desk;room=4%40home@example.org SIP/2.0"),
        does="SessionInvited",
    ),
    Case(
        "3.1.1.10 varied and unknown transport types",
        message(
            INVITE,
            *(
                f"Via: SIP/2.0/{name} t{number}.example.org;branch=z9hG4bK{number}"
                for number, name in enumerate(("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"))
            ),
            without=("Via",),
        ),
        does="SessionInvited",
    ),
    Case("3.1.1.12 unusual reason phrase", message("SIP/2.0 200 ja, 1 + 1 = 2; да \N{CHECK MARK}")),
    Case("3.1.1.13 empty reason phrase", message("SIP/2.0 100 ")),
    Case(
        "3.1.2.1 extraneous header field separators",
        message(INVITE, 'Contact: "Eva" <sip:eva@example.org>;;;;', without=("Contact",)),
        does="SessionInvited",
    ),
    Case("3.1.2.2 content length larger than message", message(INVITE, "Content-Length: 9999"), 400),
    Case("3.1.2.3 negative content length", message(INVITE, "Content-Length: -999"), 400),
    Case(
        "3.1.2.4 request scalar fields with overlarge values",
        message(INVITE, "CSeq: 18446744073709551617 INVITE", without=("CSeq",)),
        400,
    ),
    Case(
        "3.1.2.5 response scalar fields with overlarge values",
        message("SIP/2.0 503 Service Unavailable", "CSeq: 99999999999999999999 INVITE", without=("CSeq",)),
        400,
    ),
    Case(
        "3.1.2.6 unterminated quoted string in display name",
        message(INVITE, 'To: "Karl Ek <sip:karl@example.org>', without=("To",)),
        400,
    ),
    Case("3.1.2.7 <> enclosing Request-URI", message("INVITE <sip:desk@example.org> SIP/2.0"), 400),
    Case(
        "3.1.2.8 malformed SIP Request-URI (embedded LWS)", message("INVITE sip:desk@example.org; room=4 SIP/2.0"), 400
    ),
    Case("3.1.2.9 multiple SP separating Request-Line elements", message("INVITE  sip:desk@example.org  SIP/2.0"), 400),
    Case("3.1.2.10 SP characters at end of Request-Line", message(INVITE + "  "), 400),
    Case(
        "3.1.2.11 escaped headers in the Request-URI are passed over",
        message("INVITE sip:desk@example.org?Route=%3Csip:else.example.org%3E SIP/2.0"),
        does="SessionInvited",
    ),
    Case(
        "3.1.2.12 a time zone other than GMT in a Date that nobody reads",
        message(INVITE, "Date: Fri, 01 Jan 2010 16:00:00 EST"),
        does="SessionInvited",
    ),
    Case(
        "3.1.2.13 a Contact with headers and without <>",
        message(INVITE, "Contact: sip:karl@example.org?Route=%3Csip:else.example.org%3E", without=("Contact",)),
        400,
    ),
    Case("3.1.2.14 spaces within addr-spec", message(INVITE, "To: < sip:desk@example.org >", without=("To",)), 400),
    Case(
        "3.1.2.15 non-token characters in a display name",
        message(INVITE, "Contact: Ek, Karl <sip:karl@example.org>", without=("Contact",)),
        400,
    ),
    Case(
        "3.2.1 missing transaction identifier",
        message(
            "OPTIONS sip:desk@example.org SIP/2.0",
            "v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK",
            method="OPTIONS",
            without=("Via",),
        ),
        does="400",
    ),
    Case(
        "3.3.4 unknown schemes in To and From",
        message(
            "OPTIONS sip:desk@example.org SIP/2.0",
            "To: isbn:9780306406157",
            "From: <http://example.org>;tag=1",
            method="OPTIONS",
            without=("To", "From"),
        ),
        416,
    ),
    Case(
        "3.3.5 Require and Proxy-Require",
        message(
            "OPTIONS sip:desk@example.org SIP/2.0",
            "Require: unheardOf, stillUnheardOf",
            "Proxy-Require: neverBorn",
            method="OPTIONS",
        ),
        does="420",
    ),
    Case(
        "3.3.6 unknown Content-Type",
        message(INVITE, "Content-Type: application/mystery", "l: 9") + "a mystery",
        does="415",
    ),
    Case(
        "3.3.7 unknown authorization scheme",
        message("REGISTER sip:example.org SIP/2.0", "Authorization: Handshake firm=very", method="REGISTER"),
        does="RequestReceived",
    ),
    Case(
        "3.3.10 200 with a broadcast address in Via",
        message("SIP/2.0 200 OK", "v: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK9", without=("Via",)),
    ),
    Case(
        "3.3.11 Max-Forwards of zero",
        message("OPTIONS sip:desk@example.org SIP/2.0", "Max-Forwards: 0", method="OPTIONS", without=("Max-Forwards",)),
        does="483",
    ),
    Case(
        "3.3.12 REGISTER with a parameter of the Contact",
        message(REGISTER, "Contact: sip:desk@192.0.2.1;expires=3600;colour=red", method="REGISTER"),
        does="RequestReceived",
    ),
    Case(
        "3.3.13 REGISTER with a parameter of the Contact's URI",
        message(REGISTER, "Contact: <sip:desk@192.0.2.1;colour=red>", method="REGISTER"),
        does="RequestReceived",
    ),
    Case(
        "3.3.14 REGISTER with an escaped header in the Contact's URI",
        message(REGISTER, "Contact: <sip:desk@192.0.2.1?Route=%3Csip:else.example.org%3E>", method="REGISTER"),
        does="RequestReceived",
    ),
    Case(
        "3.3.15 an Accept that leaves SDP out is not held against the caller",
        message(INVITE, "Accept: text/nobody-reads-this"),
        does="SessionInvited",
    ),
    Case(
        "3.1.1.11 multipart MIME message",
        message(INVITE, "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655", "MIME-Version: 1.0") + MULTIPART,
        does="SessionInvited",
    ),
    Case("3.1.2.16 unknown protocol version", message("INVITE sip:desk@example.org SIP/7.0"), 505),
    Case("3.1.2.17 start line and CSeq method mismatch", message(INVITE, method="OPTIONS"), 400),
    Case("3.1.2.18 unknown method with CSeq method mismatch", message("DANCE sip:desk@example.org SIP/2.0"), 400),
    Case("3.1.2.19 overlarge response code", message("SIP/2.0 4294967496 two hundred, in 32 bits"), 400),
    Case(
        "3.3.1 missing required header fields",
        message(INVITE, without=("From", "To", "Call-ID")),
        400,
        is_answerable=False,
    ),
    Case(
        "3.3.2 Request-URI with unknown scheme",
        message("OPTIONS carrier-pigeon:loft-4 SIP/2.0", method="OPTIONS"),
        416,
    ),
    Case(
        "3.3.3 Request-URI with known but atypical scheme",
        message("OPTIONS http://192.0.2.9:8080/ SIP/2.0", method="OPTIONS"),
        416,
    ),
    Case("3.3.8 multiple values in single value required fields", message(INVITE, "Call-ID: other"), 400),
    Case("3.3.9 multiple Content-Length values", message(INVITE, "Content-Length: 0", "l: 5"), 400),
    Case(
        "3.4.1 INVITE with RFC 2543 syntax",
        message(
            INVITE,
            "Via: SIP/2.0/UDP gateway.example.org",
            "From: <sip:+46850010000@gateway.example.org;user=phone>",
            without=("Via", "From"),
        ),
        does="400",
    ),
)
