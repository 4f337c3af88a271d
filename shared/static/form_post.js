// Sends the page's only form, which its button would send as well (OAuth 2.0 Form Post Response Mode).
document.forms[0].submit();
