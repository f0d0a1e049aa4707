#include "limiter/redis_script.h"

#include <algorithm>
#include <array>

#include "base/status.h"

namespace cairn::limiter {
namespace {

/// Expressions; those that are empty are not there.
using Numbers = std::array<std::string_view, kMostRedisAnswers>;

// In the pieces below '#' stands for the number of the rule, & for its key, and @1, @2, ... for its
// arguments. Numbers come as text: arithmetic converts them, a comparison doesn't. A time to live
// is one or two milliseconds longer than what it is for. Numbers are kept as doubles, since Redis
// takes longer to make text of one than for anything else here; what has another size than it
// should have is not ours, and counts as nothing.

constexpr std::string_view kBegin = R"(local call,K,A=redis.call,KEYS,ARGV
local pack,unpack,len=struct.pack,struct.unpack,string.len
local t=call('TIME')
local now=t[1]*1000000+t[2]
local r,n={},0
local function decide(k,a)
local charge=A[a+1]=='1'
local ok=1
)";

// One that fails, because of what is under its key, takes no other with it.
constexpr std::string_view kCall = R"(
local fine,why=pcall(decide,k,a)
if not fine then n=n+1 r[n]=type(why)=='table' and why.err or why end
)";

// Kept: when the bucket is full again. What counts is the distance of that time from now, the debt
// (GCRA, ITU-T I.371). Of a token that is a whole number of microseconds:
// @1 price, @2 the largest debt
constexpr std::string_view kWholeRead = R"(
local p#,m#=@1+0,@2+0
local u#,over#=0,false
local v#=call('GET',&)
if v# then
if len(v#)==16 then u#=unpack('<d',v#)-now end
if not (u#>0) then u#=0 elseif u#>m# then u#=m# over#=true end
end
)";
constexpr std::string_view kWholeDecide = R"(
if u#+p#>m# then ok=0 end
)";
constexpr std::string_view kWholeCharge = R"(
if ok==1 and charge then
local w=u#+p#
call('PSETEX',&,(w-w%1000)/1000+2,pack('<dd',now+w,0))
elseif over# then
call('PSETEX',&,(u#-u#%1000)/1000+2,pack('<dd',now+u#,0))
end
)";
constexpr Numbers kWholeAnswer = {"u#"};
constexpr std::string_view kWholeRefund = R"(
if v# then
local w=u#-p#
if w<=0 then call('DEL',&) else call('PSETEX',&,(w-w%1000)/1000+2,pack('<dd',now+w,0)) end
end
)";

// Of any other token the time has a fraction over @3, kept behind it.
// @1 @2 price and its fraction, @3 denominator, @4 @5 the largest debt and its fraction
constexpr std::string_view kPartsRead = R"(
local d#=@3+0
local m#,mf#=@4+0,@5+0
local u#,f#,over#=0,0,false
local v#=call('GET',&)
if v# then
if len(v#)==16 then
local a,b=unpack('<dd',v#)
u#=a-now
f#=b
if not (f#>=0) then f#=0 elseif f#>=d# then f#=d#-1 end
end
if not (u#>=0) then u#=0 f#=0 end
over#=u#>m# or (u#==m# and f#>mf#)
if over# then u#=m# f#=mf# end
end
local function keep#(u,f)
call('PSETEX',&,(u-u%1000)/1000+2,pack('<dd',now+u,f))
end
)";
constexpr std::string_view kPartsDecide = R"(
local n#,g#=u#+@1,f#+@2
if g#>=d# then g#=g#-d# n#=n#+1 end
if n#>m# or (n#==m# and g#>mf#) then ok=0 end
)";
constexpr std::string_view kPartsCharge = R"(
if ok==1 and charge then keep#(n#,g#) elseif over# then keep#(u#,f#) end
)";
constexpr Numbers kPartsAnswer = {"u#", "f#"};
constexpr std::string_view kPartsRefund = R"(
if v# then
u#=u#-@1
f#=f#-@2
if f#<0 then f#=f#+d# u#=u#-1 end
if u#<0 then call('DEL',&) else keep#(u#,f#) end
end
)";

// Kept: when the window ends, and the count in it. Windows are aligned to the server's clock, so
// that no caller chooses where they begin.
// @1 price, @2 limit, @3 length of the window
constexpr std::string_view kFixedRead = R"(
local w#=tonumber(@3)
local e#=(math.floor(now/w#)+1)*w#
local c#,over#=0,false
local v#=call('GET',&)
if v# then
local a,b=0,0
if len(v#)==16 then a,b=unpack('<dd',v#) end
if a>now and b>0 then c#=b over#=a>e# end
end
local function keep#(c)
local l=e#-now
call('PSETEX',&,(l-l%1000)/1000+2,pack('<dd',e#,c))
end
)";
constexpr std::string_view kFixedDecide = R"(
if c#+@1>tonumber(@2) then ok=0 end
)";
constexpr std::string_view kFixedCharge = R"(
if ok==1 and charge then keep#(c#+@1) elseif over# then keep#(c#) end
)";
constexpr Numbers kFixedAnswer = {"c#", "e#-now"};
constexpr std::string_view kFixedRefund = R"(
if c#>0 then keep#(math.max(c#-@1,0)) end
)";

// Kept: for each slice that is not empty its end and its count, oldest first. A slice counts,
// whole, until a window after its end, so no window ever holds more than the limit.
// @1 price, @2 limit, @3 length of a slice, @4 slices in a window
constexpr std::string_view kSlidingRead = R"(
local l#=tonumber(@3)
local w#=l#*@4
local e#=(math.floor(now/l#)+1)*l#
local es#,cs#,k#,s#,over#={},{},0,0,false
local v#=call('GET',&)
if v# and len(v#)%16==0 then
for i=1,len(v#),16 do
local a,b=unpack('<dd',v#,i)
if a>e# then a=e# over#=true end
if a+w#>now then
if k#>0 and es#[k#]==a then cs#[k#]=cs#[k#]+b else k#=k#+1 es#[k#]=a cs#[k#]=b end
s#=s#+b
end
end
end
local function keep#()
if k#==0 then call('DEL',&) return end
local p={}
for i=1,k# do p[i]=pack('<dd',es#[i],cs#[i]) end
local l=es#[k#]+w#-now
call('PSETEX',&,(l-l%1000)/1000+2,table.concat(p))
end
)";
constexpr std::string_view kSlidingDecide = R"(
local r#,z#=0,0
if k#>0 then z#=es#[k#]+w#-now end
local need#=s#+@1-@2
if need#>0 then
ok=0
for i=1,k# do
need#=need#-cs#[i]
if need#<=0 then r#=es#[i]+w#-now break end
end
end
)";
constexpr std::string_view kSlidingCharge = R"(
if ok==1 and charge then
if k#>0 and es#[k#]==e# then cs#[k#]=cs#[k#]+@1 else k#=k#+1 es#[k#]=e# cs#[k#]=@1+0 end
keep#()
elseif over# then keep#() end
)";
constexpr Numbers kSlidingAnswer = {"s#", "z#", "r#"};
// From the oldest on: what is taken back there could only have counted for less long.
constexpr std::string_view kSlidingRefund = R"(
local left#=tonumber(@1)
local n#=0
for i=1,k# do
local take=math.min(left#,cs#[i])
left#=left#-take
if cs#[i]>take then n#=n#+1 es#[n#]=es#[i] cs#[n#]=cs#[i]-take end
end
if v# then k#=n# keep#() end
)";

// Kept: a sorted set of permits by the end of their lease.
// @1 permits, @2 length of a lease, @3 the new permit
constexpr std::string_view kPermitRead = R"(
local w#=tonumber(@2)
call('ZREMRANGEBYSCORE',&,'-inf',now)
for _,p in ipairs(call('ZRANGEBYSCORE',&,string.format('(%.0f',now+w#),'+inf')) do
call('ZADD',&,string.format('%.0f',now+w#),p)
end
local c#=call('ZCARD',&)
local a#,z#=0,0
if c#>0 then
a#=call('ZRANGE',&,0,0,'WITHSCORES')[2]-now
z#=call('ZRANGE',&,-1,-1,'WITHSCORES')[2]-now
end
)";
constexpr std::string_view kPermitDecide = R"(
if c#>=tonumber(@1) then ok=0 end
)";
constexpr std::string_view kPermitCharge = R"(
if ok==1 and charge then
call('ZADD',&,string.format('%.0f',now+w#),@3)
call('PEXPIRE',&,(w#-w#%1000)/1000+2)
end
)";
constexpr Numbers kPermitAnswer = {"c#", "z#", "a#"};

struct Pieces {
  std::string_view read;
  std::string_view decide;
  std::string_view charge;
  Numbers answer;
  std::string_view refund;
  size_t arguments;
};

const Pieces& PiecesOf(RedisForm form) {
  static constexpr Pieces kAll[] = {
      {kWholeRead, kWholeDecide, kWholeCharge, kWholeAnswer, kWholeRefund, 2},
      {kPartsRead, kPartsDecide, kPartsCharge, kPartsAnswer, kPartsRefund, 5},
      {kFixedRead, kFixedDecide, kFixedCharge, kFixedAnswer, kFixedRefund, 3},
      {kSlidingRead, kSlidingDecide, kSlidingCharge, kSlidingAnswer, kSlidingRefund, 4},
      {kPermitRead, kPermitDecide, kPermitCharge, kPermitAnswer, "", 3}};
  return kAll[static_cast<size_t>(form)];
}

void AppendPiece(std::string_view piece, size_t rule_number, size_t first_argument,
                 std::string* out) {
  for (size_t i = 0; i < piece.size(); ++i) {
    if (piece[i] == '#') {
      out->append(std::to_string(rule_number));
    } else if (piece[i] == '&') {
      out->append(StrCat("K[k+", rule_number, "]"));
    } else if (piece[i] == '@') {
      const auto argument = static_cast<size_t>(piece[++i] - '1');
      out->append(StrCat("A[a+", first_argument + argument, "]"));
    } else {
      out->push_back(piece[i]);
    }
  }
}

/// Appends one piece of every rule.
void AppendPieces(std::span<const RedisForm> forms, std::string_view Pieces::*which,
                  std::string* out) {
  size_t argument = 2;
  for (size_t i = 0; i < forms.size(); ++i) {
    const Pieces& pieces = PiecesOf(forms[i]);
    AppendPiece(pieces.*which, i + 1, argument, out);
    argument += pieces.arguments;
  }
}

void AppendAnswer(std::span<const RedisForm> forms, std::string* out) {
  out->append("r[n+1]=ok\n");
  size_t place = 2;
  for (size_t i = 0; i < forms.size(); ++i) {
    for (const std::string_view number : PiecesOf(forms[i]).answer) {
      if (number.empty()) continue;
      out->append(StrCat("r[n+", place++, "]="));
      AppendPiece(number, i + 1, 0, out);
      out->append("\n");
    }
  }
  out->append(StrCat("n=n+", place - 1, "\n"));
}

/// Of all decisions, one after the other.
void AppendLoop(std::span<const RedisForm> forms, std::string* out) {
  size_t arguments = 1;
  for (const RedisForm form : forms) arguments += PiecesOf(form).arguments;
  out->append(StrCat("end\nlocal a,step=0,", arguments, "\nif #A<2*step then step=0 end\n",
                     "for k=0,#K-1,", forms.size(), " do\n", kCall, "a=a+step\nend\nreturn r\n"));
}

}  // namespace

size_t RedisAnswersOf(RedisForm form) {
  const Numbers& answer = PiecesOf(form).answer;
  return static_cast<size_t>(std::count_if(
      answer.begin(), answer.end(), [](std::string_view number) { return !number.empty(); }));
}

RedisScript MakeRedisScript(RedisAction action, std::span<const RedisForm> forms) {
  RedisScript script;
  std::string* const source = &script.source;
  *source = kBegin;
  AppendPieces(forms, &Pieces::read, source);
  if (action == RedisAction::kDecide) {
    AppendPieces(forms, &Pieces::decide, source);
    AppendPieces(forms, &Pieces::charge, source);
    AppendAnswer(forms, source);
  } else {
    AppendPieces(forms, &Pieces::refund, source);
  }
  AppendLoop(forms, source);
  script.sha1 = Sha1Hex(*source);
  return script;
}

}  // namespace cairn::limiter
